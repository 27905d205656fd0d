import { useQuery } from "@apollo/client/react";
import { Button, Skeleton, Text, Title } from "@mantine/core";
import { readProblem } from "../api/read-problem.ts";
import { EmployeeHistoryDocument } from "../generated/graphql.ts";
import { formatInstant } from "../ui/format.ts";
import { ErrorState } from "../ui/states.tsx";
import { actionText, changedFields } from "./history-text.ts";

/** What has been done to a person's record, newest first. */
export function History({ id }: { id: string }) {
  const { data, error, fetchMore, refetch } = useQuery(EmployeeHistoryDocument, {
    variables: { id },
    fetchPolicy: "cache-and-network",
  });
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  const events = data?.auditEvents;
  const more = () =>
    fetchMore({
      variables: { after: events?.pageInfo.endCursor ?? null },
      updateQuery: (previous, { fetchMoreResult: next }) => ({
        auditEvents: { ...next.auditEvents, nodes: [...previous.auditEvents.nodes, ...next.auditEvents.nodes] },
      }),
    }).catch(() => undefined);

  return (
    <section className="surface" aria-label="History">
      <Title order={2} size="h4" mb="md">
        History
      </Title>
      {events === undefined ? (
        <Skeleton height={48} />
      ) : events.nodes.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing has been changed yet.
        </Text>
      ) : (
        <ol className="plain-list">
          {events.nodes.map((event) => {
            const fields = changedFields(event.changes);
            return (
              <li key={event.id}>
                <Text size="sm" component="div">
                  <strong>{actionText(event.action)}</strong> by <bdi>{event.actorName}</bdi>
                </Text>
                <Text size="xs" c="dimmed" component="div">
                  <time dateTime={event.occurredAt}>{formatInstant(event.occurredAt)}</time>
                  {fields.length > 0 && ` · ${fields.join(", ")}`}
                </Text>
              </li>
            );
          })}
        </ol>
      )}
      {events?.pageInfo.hasNextPage === true && (
        <Button variant="default" size="xs" mt="md" onClick={() => void more()}>
          Show more
        </Button>
      )}
    </section>
  );
}
