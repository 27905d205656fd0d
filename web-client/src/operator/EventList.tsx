import { useQuery } from "@apollo/client/react";
import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { OperatorEventsDocument, type OperatorEventsQuery } from "../generated/operator.ts";
import { formatInstant } from "../ui/format.ts";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { Table } from "../ui/Table.tsx";
import { eventChanges, operatorAction } from "./event-text.ts";

type Event = OperatorEventsQuery["operatorEvents"]["nodes"][number];

/** What operators have done, the newest first; to one organisation, if its opaque id is given. */
export function EventList({ tenant }: { tenant?: string }) {
  const { data, error, refetch, fetchMore } = useQuery(OperatorEventsDocument, {
    variables: tenant === undefined ? {} : { tenantId: tenant },
    fetchPolicy: "cache-and-network",
  });
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows />;
  const { nodes, pageInfo } = data.operatorEvents;
  if (nodes.length === 0) {
    return tenant === undefined ? (
      <Empty title="Nothing has been done yet" />
    ) : (
      <Text size="sm">No operator has done anything to it.</Text>
    );
  }
  return (
    <>
      <Table columns={{ What: "", When: "only-wide", Who: "only-wide", Details: "only-wide" }}>
        {nodes.map((event) => (
          <EventRow key={event.id} event={event} withTenant={tenant === undefined} />
        ))}
      </Table>
      <MoreButton
        pageInfo={pageInfo}
        onMore={(after) =>
          fetchMore({
            variables: { after },
            updateQuery: (before, { fetchMoreResult }) => ({
              operatorEvents: joined(before.operatorEvents, fetchMoreResult.operatorEvents),
            }),
          })
        }
      />
    </>
  );
}

function EventRow({ event, withTenant }: { event: Event; withTenant: boolean }) {
  const changes = eventChanges(event.details);
  return (
    <tr>
      <th scope="row">
        {operatorAction(event.action)}
        {withTenant && event.tenantSlug !== null && (
          <Text size="xs">
            <Anchor component={Link} to={`/operator/tenants/${event.tenantSlug}`} inherit>
              {event.tenantSlug}
            </Anchor>
          </Text>
        )}
        {/* On a phone there is no room beside it. */}
        <div className="only-narrow">
          <Text size="xs" c="dimmed">
            {formatInstant(event.occurredAt)} · <bdi>{event.operatorName}</bdi>
          </Text>
          <Changes changes={changes} />
        </div>
      </th>
      <td className="only-wide" style={{ whiteSpace: "nowrap" }}>
        {formatInstant(event.occurredAt)}
      </td>
      <td className="only-wide" style={{ minInlineSize: "8rem", overflowWrap: "anywhere" }}>
        <bdi>{event.operatorName}</bdi>
        {event.address !== null && (
          <Text size="xs" c="dimmed">
            {event.address}
          </Text>
        )}
      </td>
      <td className="only-wide">
        <Changes changes={changes} />
      </td>
    </tr>
  );
}

function Changes({ changes }: { changes: readonly string[] }) {
  return changes.map((change) => (
    <Text key={change} size="xs" dir="auto" style={{ overflowWrap: "anywhere" }}>
      {change}
    </Text>
  ));
}
