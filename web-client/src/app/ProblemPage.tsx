import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import { isApex } from "../api/address.ts";
import type { Problem } from "../api/problem.ts";
import { DocumentTitle } from "../ui/Page.tsx";
import { ProblemText, problemTitle } from "../ui/states.tsx";
import { FindOrganisation } from "./FindOrganisation.tsx";

/** How long to wait before asking whether an organisation's update is finished, in milliseconds. */
const migrationPause = 5000;
/** How long to wait before asking whether an operator has finished, in milliseconds. */
const maintenancePause = 60_000;

const pauses: Readonly<Partial<Record<Problem["code"], number>>> = {
  TENANT_MIGRATING: migrationPause,
  TENANT_MAINTENANCE: maintenancePause,
};

/** Stands in the place of the whole client while the organisation cannot be used. */
export function ProblemPage({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  const pause = pauses[problem.code];
  const away = problem.code === "NETWORK";

  useEffect(() => {
    if (pause === undefined) return;
    const timer = setInterval(onRetry, pause);
    return () => clearInterval(timer);
  }, [pause, onRetry]);

  useEffect(() => {
    if (!away) return;
    window.addEventListener("online", onRetry);
    return () => window.removeEventListener("online", onRetry);
  }, [away, onRetry]);

  if (problem.code === "TENANT_NOT_FOUND") return <FindOrganisationPage />;
  return (
    <main className="centred">
      <DocumentTitle title={problemTitle(problem)} />
      <div className="surface">
        <Stack>
          <Title order={1} size="h2">
            {problemTitle(problem)}
          </Title>
          <div role="status">
            <ProblemText problem={problem} />
            {pause !== undefined && <p>The page goes on by itself.</p>}
            {problem.code === "TENANT_PAST_DUE" && (
              <p>Nobody can sign in until it is paid for. Its owners have a mail that says how.</p>
            )}
          </div>
          <Group>
            <Way problem={problem} />
            <Button onClick={onRetry} variant={problem.url === undefined ? "filled" : "default"}>
              Try again
            </Button>
          </Group>
        </Stack>
      </div>
    </main>
  );
}

/** The way on, where there is one. */
function Way({ problem }: { problem: Problem }) {
  if (problem.url === undefined) return null;
  return (
    <Button component="a" href={problem.url}>
      {ways[problem.code] ?? "Go to the new address"}
    </Button>
  );
}

/** Where the way leads, where it is not the new address of the organisation. */
const ways: Readonly<Partial<Record<Problem["code"], string>>> = {
  TENANT_DELETING: "Take the deletion back, as an owner",
  TENANT_PAST_DUE: "Pay, export or delete it, as an owner",
};

/** Asks for the organisation where the address names none: at the address that all of them end in, or a wrong one. */
function FindOrganisationPage() {
  const { host } = window.location;
  const apex = isApex(window.location, pageStatus());
  const title = apex ? "Welcome to Tenantry" : "There is no organisation at this address";

  return (
    <main className="centred">
      <DocumentTitle title={title} />
      <div className="surface">
        <Stack gap="xs" mb="md">
          <img src="/favicon.svg" alt="" width={40} height={40} />
          <Title order={1} size="h2" mt="sm">
            {title}
          </Title>
          <Text c="dimmed" size="sm">
            {apex ? (
              "Every organisation has an address of its own. Enter yours to sign in."
            ) : (
              <>
                <bdi>{host}</bdi> is not in use. Check the address, or enter your organisation’s.
              </>
            )}
          </Text>
        </Stack>
        <FindOrganisation apex={apex} />
      </div>
    </main>
  );
}

/** The HTTP status that this page came with; 0 where the browser does not tell. */
function pageStatus(): number {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return navigation?.responseStatus ?? 0;
}
