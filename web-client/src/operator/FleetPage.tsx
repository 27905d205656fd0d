import { useQuery } from "@apollo/client/react";
import { Anchor, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { OperatorFleetDocument } from "../generated/operator.ts";
import { formatCount } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";

/** Where the organisations stand with their migrations. */
export function FleetPage() {
  const { data, error, refetch } = useQuery(OperatorFleetDocument, { fetchPolicy: "cache-and-network" });
  return (
    <Page title="Migrations" subtitle={data === undefined ? undefined : `This program has ${data.fleet.head}`}>
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
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
          <div className="surface surface-flush">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">Version</th>
                  <th scope="col" className="number">
                    Organisations
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.fleet.versions.map(({ version, tenants }) => (
                  <tr key={version}>
                    <th scope="row">{version ?? "none"}</th>
                    <td className="number">{tenants}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {data.fleet.problems.length > 0 && (
            <>
              <Title order={2} size="h4" mt="lg" mb="sm">
                Failed and under way
              </Title>
              <div className="surface surface-flush">
                <table className="list">
                  <thead>
                    <tr>
                      <th scope="col">Organisation</th>
                      <th scope="col">State</th>
                      <th scope="col">What Postgres said</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.fleet.problems.map((problem) => (
                      <tr key={problem.slug}>
                        <th scope="row">
                          <Anchor component={Link} to={`/operator/tenants/${problem.slug}`} size="sm">
                            {problem.slug}
                          </Anchor>
                        </th>
                        <td>{problem.state}</td>
                        <td>{[problem.code, problem.message].filter((part) => part !== null).join(" ")}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )}
        </>
      )}
    </Page>
  );
}
