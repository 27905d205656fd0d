import { Anchor } from "@mantine/core";
import { Link } from "react-router";
import { Page } from "../ui/Page.tsx";
import { Empty } from "../ui/states.tsx";

/** For an address of this client that leads nowhere. */
export function NotFoundPage() {
  return (
    <Page title="Page not found">
      <Empty title="There is no page at this address">
        <Anchor component={Link} to="/">
          Go to the people
        </Anchor>
      </Empty>
    </Page>
  );
}
