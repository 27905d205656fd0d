import { useQuery } from "@apollo/client/react";
import { Skeleton, Text } from "@mantine/core";
import { readProblem } from "../api/read-problem.ts";
import { SupportHistoryDocument } from "../generated/graphql.ts";
import { formatInstant } from "../ui/format.ts";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { ErrorState } from "../ui/states.tsx";
import { supportAction } from "../ui/support.ts";

/** What was done about a request, and each visit, newest first. */
export function SupportHistory({ grant }: { grant: string }) {
  const { data, error, fetchMore, refetch } = useQuery(SupportHistoryDocument, {
    variables: { id: grant },
    fetchPolicy: "cache-and-network",
  });
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <Skeleton height={48} />;
  return (
    <>
      <ol className="plain-list">
        {data.auditEvents.nodes.map(({ id, occurredAt, actorName, action }) => (
          <li key={id}>
            <Text size="sm" component="div">
              <strong>{supportAction(action)}</strong>
              {/* Nobody brings about the end of the time. */}
              {action !== "support.expired" && (
                <>
                  {" "}
                  by <bdi>{actorName}</bdi>
                </>
              )}
            </Text>
            <Text size="xs" c="dimmed" component="div">
              <time dateTime={occurredAt}>{formatInstant(occurredAt)}</time>
            </Text>
          </li>
        ))}
      </ol>
      <MoreButton
        pageInfo={data.auditEvents.pageInfo}
        onMore={(after) =>
          fetchMore({
            variables: { after },
            updateQuery: (before, { fetchMoreResult }) => ({
              auditEvents: joined(before.auditEvents, fetchMoreResult.auditEvents),
            }),
          })
        }
      />
    </>
  );
}
