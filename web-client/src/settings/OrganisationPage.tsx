import { useQuery } from "@apollo/client/react";
import { Button, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import { Contact } from "../app/StandingBanner.tsx";
import { TenantStandingDocument, type TenantState, type TenantStandingQuery } from "../generated/graphql.ts";
import { useViewer } from "../session/context.ts";
import { formatDay, formatLastDay } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { DeleteOrganisationDialog, grace } from "./DeleteOrganisationDialog.tsx";
import { DownloadProblem } from "./ExportList.tsx";
import { Exports } from "./Exports.tsx";
import { Plan } from "./Plan.tsx";
import { RenameForm } from "./RenameForm.tsx";

type Tenant = TenantStandingQuery["tenant"];

/** The organisation as a whole: its status and plan, its name and address, its data as a file, and its end. For owners. */
export function OrganisationPage() {
  const viewer = useViewer();
  if (!viewer.permissions.manageTenant) {
    return (
      <Page title="Organisation">
        <Empty title="Only owners rename, export or delete the organisation" />
      </Page>
    );
  }
  return <Settings />;
}

function Settings() {
  const { data, error, refetch } = useQuery(TenantStandingDocument, { fetchPolicy: "cache-and-network" });
  const [deleting, setDeleting] = useState(false);
  return (
    <Page title="Organisation" subtitle="Status, plan, name, address, export and deletion">
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : data === undefined ? (
        <LoadingRows />
      ) : (
        <Stack className="narrow" gap="lg">
          <Part title="Status">
            <Standing tenant={data.tenant} />
          </Part>
          <Part title="Plan">
            <Plan />
          </Part>
          <Part title="Name and address">
            <RenameForm tenant={data.tenant} />
          </Part>
          <Part title="Export">
            <DownloadProblem>
              <Exports />
            </DownloadProblem>
          </Part>
          <Part title="Delete the organisation">
            <Text size="sm" mb="md">
              Nobody can use it from then on. {grace(data.tenant.standing?.deletionGraceDays)} After that everything is
              gone for good: people, history, members and programs.
            </Text>
            <Button color="red" variant="light" onClick={() => setDeleting(true)}>
              Delete the organisation…
            </Button>
          </Part>
        </Stack>
      )}
      {deleting && data !== undefined && (
        <DeleteOrganisationDialog
          tenant={data.tenant}
          graceDays={data.tenant.standing?.deletionGraceDays}
          onClose={() => setDeleting(false)}
        />
      )}
    </Page>
  );
}

const states: Readonly<Record<TenantState, string>> = {
  ACTIVE: "In use.",
  TRIAL: "On trial.",
  WARNED: "In use; its time runs out.",
  READ_ONLY: "It can be read, but nothing can be changed.",
  PAST_DUE: "Suspended, because it has not paid.",
  SUSPENDED: "Suspended.",
  MAINTENANCE: "Under maintenance.",
  MIGRATING: "Being updated.",
  DELETING: "Going to be deleted.",
};

function Standing({ tenant: { standing } }: { tenant: Tenant }) {
  if (standing === null) return null;
  const dates: [string, string | null, (instant: string) => string][] = [
    ["The trial ends", standing.trialEndsAt, formatLastDay],
    ["Paid until", standing.paidUntil, formatLastDay],
    ["Nothing can be changed from", standing.readOnlyFrom, formatDay],
    ["Not available from", standing.suspendedFrom, formatDay],
  ];
  return (
    <>
      <Text size="sm">{states[standing.state]}</Text>
      {dates.map(([label, date, format]) =>
        date === null ? null : (
          <Text key={label} size="sm">
            {label} {format(date)}
          </Text>
        ),
      )}
      <Text size="sm">
        <Contact address={standing.billingContact} />
      </Text>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="surface" aria-label={title}>
      <Title order={2} size="h4" mb="md">
        {title}
      </Title>
      {children}
    </section>
  );
}
