import { AccountMenu } from "../app/AccountMenu.tsx";
import { Frame } from "../app/Layout.tsx";
import { useApexKeeper } from "./context.ts";

const pages = [
  { to: "/", label: "Organisations" },
  { to: "/security", label: "Security" },
] as const;

/** What is around the pages of the apex. */
export function ApexLayout() {
  const keeper = useApexKeeper();
  const account = keeper.current()?.viewer;
  return (
    <Frame
      name="Tenantry"
      pages={pages}
      menu={
        <AccountMenu
          name={account?.name ?? ""}
          about={<bdi>{account?.email}</bdi>}
          onSignOut={() => keeper.signOut()}
        />
      }
    />
  );
}
