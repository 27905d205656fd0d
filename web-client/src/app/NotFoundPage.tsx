import { Anchor } from "@mantine/core";
import { Link } from "react-router";
import { Page } from "../ui/Page.tsx";
import { Empty } from "../ui/states.tsx";

/** For an address of this client that leads nowhere. */
export function NotFoundPage({ to = "/", label = "Go to the people" }: { to?: string; label?: string }) {
  return (
    <Page title="Page not found">
      <Empty title="There is no page at this address">
        <Anchor component={Link} to={to}>
          {label}
        </Anchor>
      </Empty>
    </Page>
  );
}
