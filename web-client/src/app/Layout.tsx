import { useQuery } from "@apollo/client/react";
import { Menu } from "@mantine/core";
import { type ReactNode, Suspense, use, useEffect, useRef } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";
import { type Feature, TenantStandingDocument } from "../generated/graphql.ts";
import { ReadOnlyContext, useKeeper, useViewer } from "../session/context.ts";
import { roles } from "../ui/format.ts";
import { OrganisationName } from "../ui/Page.tsx";
import { LoadingRows } from "../ui/states.tsx";
import { AccountMenu } from "./AccountMenu.tsx";
import { StandingBanner } from "./StandingBanner.tsx";
import { SupportBanner } from "./SupportBanner.tsx";
import { SupportNotice } from "./SupportNotice.tsx";
import { PageBoundary } from "./PageBoundary.tsx";

/** What is around every page: the way past the head, a name, the way to the pages and the account. */
export function Frame(props: {
  name: string;
  /** The name leads to the first of them. */
  pages: readonly { to: string; label: string }[];
  menu: ReactNode;
  /** What everybody has to know, whatever the page. */
  banner?: ReactNode;
}) {
  const navigation = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    if (navigation.current !== null) showCurrent(navigation.current);
  }, [pathname]);
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="header">
        <div className="header-inner">
          <Link to={props.pages[0]?.to ?? "/"} className="brand">
            <img src="/favicon.svg" alt="" width={28} height={28} />
            <bdi className="brand-name">{props.name}</bdi>
          </Link>
          <nav className="navigation" aria-label="Pages" ref={navigation}>
            <ul>
              {props.pages.map(({ to, label }) => (
                <li key={to}>
                  <NavLink to={to} end={to === "/"}>
                    {label}
                  </NavLink>
                </li>
              ))}
            </ul>
          </nav>
          {props.menu}
        </div>
      </header>
      <main id="content" className="main" tabIndex={-1}>
        {props.banner}
        <PageBoundary>
          <Suspense fallback={<LoadingRows />}>
            <Outlet />
          </Suspense>
        </PageBoundary>
      </main>
    </>
  );
}

/** Where the links to the pages are wider than the window, moves them so far that the present page's is in sight. */
function showCurrent(navigation: HTMLElement): void {
  const current = navigation.querySelector('[aria-current="page"]')?.getBoundingClientRect();
  if (current === undefined) return;
  // Not `scrollIntoView`, which would move the page, too: it keeps what it shows from being under the head, and this is in the head.
  const frame = navigation.getBoundingClientRect();
  if (current.right > frame.right) navigation.scrollLeft += current.right - frame.right;
  else if (current.left < frame.left) navigation.scrollLeft -= frame.left - current.left;
}

const pages = [
  { to: "/", label: "People" },
  { to: "/departments", label: "Departments" },
  { to: "/positions", label: "Positions" },
  { to: "/locations", label: "Locations" },
] as const;

/** What is around the pages of an organisation. */
export function Layout() {
  const state = useQuery(TenantStandingDocument).data?.tenant.standing?.state;
  const banner = (
    <>
      <SupportBanner />
      <SupportNotice />
      <StandingBanner />
    </>
  );
  return (
    <ReadOnlyContext value={state === "READ_ONLY"}>
      <Frame name={use(OrganisationName)} pages={pages} menu={<ViewerMenu />} banner={banner} />
    </ReadOnlyContext>
  );
}

function ViewerMenu() {
  const viewer = useViewer();
  const keeper = useKeeper();
  const features = useQuery(TenantStandingDocument).data?.tenant.plan?.features;
  // What is there from before can still be seen and removed, so the way there stays open.
  const unlessIncluded = (feature: Feature) =>
    features === undefined || features.includes(feature) ? {} : { c: "dimmed", rightSection: "not in plan" };
  const { manageMembers, manageApiKeys, manageSignIn, manageDomains, manageTenant } = viewer.permissions;
  return (
    <AccountMenu
      name={viewer.name}
      about={
        <>
          {viewer.account !== null && (
            <>
              <bdi>{viewer.account.email}</bdi>
              <br />
            </>
          )}
          {viewer.role !== null && roles[viewer.role]}
          {viewer.support !== null && "Support access"}
        </>
      }
      hasAccount={viewer.account !== null}
      onSignOut={() => keeper.signOut()}
    >
      {viewer.employee !== null && (
        <Menu.Item component={Link} to={`/employees/${viewer.employee.id}`}>
          My record
        </Menu.Item>
      )}
      {manageMembers && (
        <Menu.Item component={Link} to="/members">
          Members
        </Menu.Item>
      )}
      {manageApiKeys && (
        <Menu.Item component={Link} to="/settings/api-keys" {...unlessIncluded("API_KEYS")}>
          API keys
        </Menu.Item>
      )}
      {manageSignIn && (
        <Menu.Item component={Link} to="/settings/sign-in" {...unlessIncluded("IDENTITY_PROVIDER")}>
          Identity provider
        </Menu.Item>
      )}
      {manageDomains && (
        <Menu.Item component={Link} to="/settings/addresses" {...unlessIncluded("CUSTOM_DOMAINS")}>
          Addresses
        </Menu.Item>
      )}
      {manageTenant && (
        <Menu.Item component={Link} to="/settings/organisation">
          Organisation
        </Menu.Item>
      )}
      {manageTenant && (
        <Menu.Item component={Link} to="/settings/support">
          Support access
        </Menu.Item>
      )}
    </AccountMenu>
  );
}
