import { Button } from "@mantine/core";
import { useState } from "react";

/** Fetches the next page of a list and puts it under what is shown. Not there after the last page. */
export function MoreButton(props: {
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  onMore: (after: string) => Promise<unknown>;
}) {
  const { hasNextPage, endCursor } = props.pageInfo;
  const [busy, setBusy] = useState(false);
  if (!hasNextPage || endCursor === null) return null;
  const more = async () => {
    setBusy(true);
    try {
      await props.onMore(endCursor);
    } catch {
      // The list stays as it is, and the button with it.
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button variant="default" mt="md" loading={busy} onClick={more}>
      Show more
    </Button>
  );
}

/** A list with the page that follows it. */
export function joined<Connection extends { nodes: unknown[] }>(before: Connection, next: Connection): Connection {
  return { ...next, nodes: [...before.nodes, ...next.nodes] };
}
