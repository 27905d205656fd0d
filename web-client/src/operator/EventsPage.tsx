import { useQuery } from "@apollo/client/react";
import { Code, Text } from "@mantine/core";
import { readProblem } from "../api/read-problem.ts";
import { OperatorEventsDocument } from "../generated/operator.ts";
import { formatInstant } from "../ui/format.ts";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";

/** What operators have done. */
export function EventsPage() {
  const { data, error, refetch, fetchMore } = useQuery(OperatorEventsDocument, { fetchPolicy: "cache-and-network" });
  return (
    <Page title="Events" subtitle="What operators have done, here and at the command line">
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : data === undefined ? (
        <LoadingRows />
      ) : data.operatorEvents.nodes.length === 0 ? (
        <Empty title="Nothing has been done yet" />
      ) : (
        <>
          <div className="surface surface-flush">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col" className="only-wide">
                    Details
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.operatorEvents.nodes.map((event) => (
                  <tr key={event.id}>
                    <th scope="row">
                      {event.action}
                      {event.tenantSlug !== null && (
                        <Text size="xs" c="dimmed">
                          {event.tenantSlug}
                        </Text>
                      )}
                    </th>
                    <td>{formatInstant(event.occurredAt)}</td>
                    <td>
                      <bdi>{event.operatorName}</bdi>
                      {event.address !== null && (
                        <Text size="xs" c="dimmed">
                          {event.address}
                        </Text>
                      )}
                    </td>
                    <td className="only-wide">
                      <Code>{JSON.stringify(event.details)}</Code>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <MoreButton
            pageInfo={data.operatorEvents.pageInfo}
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
      )}
    </Page>
  );
}
