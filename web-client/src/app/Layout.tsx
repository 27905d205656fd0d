import { Button, Menu, useMantineColorScheme } from "@mantine/core";
import { Suspense, use } from "react";
import { Link, NavLink, Outlet } from "react-router";
import { useKeeper, useViewer } from "../session/context.ts";
import { roles } from "../ui/format.ts";
import { ChevronIcon } from "../ui/icons.tsx";
import { OrganisationName } from "../ui/Page.tsx";
import { LoadingRows } from "../ui/states.tsx";
import { PageBoundary } from "./PageBoundary.tsx";

/** What is around every page: the way past the head, the organisation's name, the way to the pages and the account. */
export function Layout() {
  const organisation = use(OrganisationName);
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="header">
        <div className="header-inner">
          <Link to="/" className="brand">
            <img src="/favicon.svg" alt="" width={28} height={28} />
            <bdi className="brand-name">{organisation}</bdi>
          </Link>
          <nav className="navigation" aria-label="Pages">
            <ul>
              <li>
                <NavLink to="/" end>
                  People
                </NavLink>
              </li>
              <li>
                <NavLink to="/departments">Departments</NavLink>
              </li>
              <li>
                <NavLink to="/positions">Positions</NavLink>
              </li>
              <li>
                <NavLink to="/locations">Locations</NavLink>
              </li>
            </ul>
          </nav>
          <AccountMenu />
        </div>
      </header>
      <main id="content" className="main" tabIndex={-1}>
        <PageBoundary>
          <Suspense fallback={<LoadingRows />}>
            <Outlet />
          </Suspense>
        </PageBoundary>
      </main>
    </>
  );
}

function AccountMenu() {
  const viewer = useViewer();
  const keeper = useKeeper();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          c="inherit"
          rightSection={<ChevronIcon />}
          aria-label={`Account: ${viewer.account.name}`}
        >
          <bdi>{viewer.account.name}</bdi>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{viewer.account.email}</bdi>
          <br />
          {roles[viewer.role]}
        </Menu.Label>
        {viewer.employee !== null && (
          <Menu.Item component={Link} to={`/employees/${viewer.employee.id}`}>
            My record
          </Menu.Item>
        )}
        <Menu.Item component="a" href="/graphiql">
          GraphiQL
        </Menu.Item>
        <Menu.Divider />
        {(["auto", "light", "dark"] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            onClick={() => setColorScheme(scheme)}
            aria-current={colorScheme === scheme ? "true" : undefined}
            rightSection={colorScheme === scheme ? "✓" : undefined}
          >
            {schemes[scheme]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          onClick={() => {
            // Signed out here in any case; the server's session also ends by itself.
            keeper.signOut().catch(() => undefined);
          }}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const schemes = { auto: "Colours of the system", light: "Light", dark: "Dark" } as const;
