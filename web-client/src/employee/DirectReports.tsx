import { useQuery } from "@apollo/client/react";
import { Anchor, Button, Skeleton, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { DirectReportsDocument } from "../generated/graphql.ts";
import { ErrorState } from "../ui/states.tsx";

/** Who reports to a person. */
export function DirectReports({ id }: { id: string }) {
  const { data, error, fetchMore, refetch } = useQuery(DirectReportsDocument, {
    variables: { id },
    fetchPolicy: "cache-and-network",
  });
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  const reports = data?.employee?.directReports;
  const more = () =>
    fetchMore({
      variables: { after: reports?.pageInfo.endCursor ?? null },
      updateQuery: (previous, { fetchMoreResult: next }) => {
        if (previous.employee == null || next.employee == null) return next;
        return {
          employee: {
            ...next.employee,
            directReports: {
              ...next.employee.directReports,
              nodes: [...previous.employee.directReports.nodes, ...next.employee.directReports.nodes],
            },
          },
        };
      },
    }).catch(() => undefined);

  return (
    <section className="surface" aria-label="Direct reports">
      <Title order={2} size="h4" mb="md">
        Direct reports{reports === undefined ? "" : ` (${reports.totalCount})`}
      </Title>
      {reports === undefined ? (
        <Skeleton height={48} />
      ) : reports.nodes.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nobody
        </Text>
      ) : (
        <ul className="plain-list">
          {reports.nodes.map((report) => (
            <li key={report.id}>
              <Anchor component={Link} to={`/employees/${report.id}`} size="sm" fw={600}>
                <bdi>{report.name}</bdi>
              </Anchor>
              <Text size="xs" c="dimmed">
                <bdi>{report.position.title}</bdi>
              </Text>
            </li>
          ))}
        </ul>
      )}
      {reports?.pageInfo.hasNextPage === true && (
        <Button variant="default" size="xs" mt="md" onClick={() => void more()}>
          Show more
        </Button>
      )}
    </section>
  );
}
