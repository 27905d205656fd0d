import { useMutation, useQuery } from "@apollo/client/react";
import { Anchor, Button, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { OperatorFleetDocument, type OperatorFleetQuery, RetryTenantMigrationDocument } from "../generated/operator.ts";
import { announceDone, announceProblem } from "../ui/form.tsx";
import { formatCount, formatInstant } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { Table } from "../ui/Table.tsx";
import { useMayChange } from "./session.ts";
import { failureText, migrationState } from "./text.ts";

type Fleet = OperatorFleetQuery["fleet"];
type Problem = Fleet["problems"][number];

/** Where the organisations stand with their migrations. */
export function FleetPage() {
  const { data, error, refetch } = useQuery(OperatorFleetDocument, { fetchPolicy: "cache-and-network" });
  const again = () => void refetch().catch(() => undefined);
  return (
    <Page title="Migrations" subtitle={data === undefined ? undefined : `This program has ${data.fleet.head}`}>
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={again} />
      ) : data === undefined ? (
        <LoadingRows rows={4} />
      ) : (
        <>
          <div className="surface">
            <Text>
              {formatCount(data.fleet.current, "organisation is", "organisations are")} up to date, {data.fleet.behind}{" "}
              behind, {data.fleet.failed} failed, {data.fleet.underWay} under way.
            </Text>
          </div>
          <Title order={2} size="h4" mt="lg" mb="sm">
            Versions
          </Title>
          <Versions versions={data.fleet.versions} />
          {data.fleet.problems.length > 0 && (
            <>
              <Title order={2} size="h4" mt="lg" mb="sm">
                Failed and under way
              </Title>
              <Problems problems={data.fleet.problems} onDone={again} />
            </>
          )}
        </>
      )}
    </Page>
  );
}

function Versions({ versions }: { versions: Fleet["versions"] }) {
  return (
    <Table columns={{ Version: "", Organisations: "number" }}>
      {versions.map(({ version, tenants }) => (
        <tr key={version}>
          <th scope="row">{version ?? "none"}</th>
          <td className="number">{tenants}</td>
        </tr>
      ))}
    </Table>
  );
}

function Problems({ problems, onDone }: { problems: readonly Problem[]; onDone: () => void }) {
  const mayChange = useMayChange();
  return (
    <Table columns={{ Organisation: "", State: "", Failure: "only-wide" }}>
      {problems.map((problem) => (
        <tr key={problem.id}>
          <th scope="row">
            <Anchor component={Link} to={`/operator/tenants/${problem.slug}`} size="sm">
              {problem.slug}
            </Anchor>
          </th>
          <td>
            {migrationState(problem.state)}
            <Text size="xs" c="dimmed">
              {tries(problem)}
            </Text>
            {/* It is what one comes for, and on a phone there is no room beside it. */}
            <Text size="xs" className="only-narrow" style={{ overflowWrap: "anywhere" }}>
              {failureText(problem)}
            </Text>
            {mayChange && problem.state === "failed" && <Retry problem={problem} onDone={onDone} />}
          </td>
          <td className="only-wide" style={{ overflowWrap: "anywhere" }}>
            {failureText(problem) || "–"}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function tries({ tries, finishedAt }: Problem): string {
  const parts = [];
  if (tries !== null) parts.push(formatCount(tries, "try", "tries"));
  if (finishedAt !== null) parts.push(`the last ended ${formatInstant(finishedAt)}`);
  return parts.join(", ");
}

function Retry({ problem: { id, slug }, onDone }: { problem: Problem; onDone: () => void }) {
  const [retry, { loading }] = useMutation(RetryTenantMigrationDocument);
  const again = () => {
    retry({ variables: { id } }).then(
      ({ data }) => {
        const failed = data?.retryTenantMigration.tenant.isBehind === true;
        announceDone(failed ? `The migration of ${slug} was tried again, and failed.` : `${slug} is up to date.`);
        onDone();
      },
      (error: unknown) => announceProblem(readProblem(error)),
    );
  };
  return (
    <Button size="xs" variant="default" mt="xs" loading={loading} onClick={again} aria-label={`Migrate again: ${slug}`}>
      Migrate again
    </Button>
  );
}
