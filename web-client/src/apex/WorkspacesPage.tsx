import { useMutation, useQuery } from "@apollo/client/react";
import { Anchor, Avatar, Badge, Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { Contact } from "../app/StandingBanner.tsx";
import {
  KeepWorkspaceDocument,
  RequestWorkspaceDeletionDocument,
  WorkspacesDocument,
  type WorkspacesQuery,
} from "../generated/platform.ts";
import { DeletionDialog } from "../settings/DeleteOrganisationDialog.tsx";
import { DownloadProblem } from "../settings/ExportList.tsx";
import { announceDone, announceProblem } from "../ui/form.tsx";
import { formatInstant, initials, roles } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { WorkspaceExports, WorkspaceExportsDialog } from "./WorkspaceExports.tsx";

type Workspace = WorkspacesQuery["workspaces"][number];

/** The organisations that one belongs to, each with the way there. */
export function WorkspacesPage() {
  const { data, error, refetch } = useQuery(WorkspacesDocument, { fetchPolicy: "cache-and-network" });
  return (
    <Page title="Your organisations" subtitle="Those that you are a member of">
      <DownloadProblem>
        {error !== undefined ? (
          <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
        ) : data === undefined ? (
          <LoadingRows rows={3} />
        ) : data.workspaces.length === 0 ? (
          <Empty title="You are not a member of any organisation">
            <Text c="dimmed">Ask an administrator of yours to invite you.</Text>
            <Anchor component={Link} to="/find">
              Go to an organisation’s address
            </Anchor>
          </Empty>
        ) : (
          <ul className="plain-list narrow">
            {data.workspaces.map((workspace) => (
              <li key={workspace.id} className="surface">
                <WorkspaceRow workspace={workspace} />
              </li>
            ))}
          </ul>
        )}
      </DownloadProblem>
    </Page>
  );
}

function WorkspaceRow({ workspace }: { workspace: Workspace }) {
  return (
    <Group justify="space-between" gap="md">
      <div className="person grow-or-wrap">
        <Avatar aria-hidden="true" radius="md" color="indigo" size={40}>
          {initials(workspace.name)}
        </Avatar>
        <div>
          <Text fw={600} component="h2" size="md">
            <bdi>{workspace.name}</bdi>
          </Text>
          <Text size="xs" c="dimmed">
            {roles[workspace.role]} · <bdi>{hostOf(workspace.url)}</bdi>
          </Text>
          {workspace.deleteAt !== null && (
            <Text size="xs">
              It is going to be deleted on {formatInstant(workspace.deleteAt)}.
              {wasDecidedByOperator(workspace) && " An operator of this service asked for it."}
            </Text>
          )}
          {workspace.state === "PAST_DUE" && (
            <Text size="xs">
              <Contact address={workspace.billingContact} />
            </Text>
          )}
        </div>
      </div>
      {workspace.canBeKept ? (
        <KeepButton workspace={workspace} />
      ) : workspace.available ? (
        <Button component="a" href={`${workspace.url}/enter`} aria-label={`Open ${workspace.name}`}>
          Open
        </Button>
      ) : (
        <Badge color="gray" variant="light">
          {reasons[workspace.state] ?? "Not available now"}
        </Badge>
      )}
      <Parting workspace={workspace} />
    </Group>
  );
}

/** Whether an owner cannot take the deletion back, although it has not begun. */
function wasDecidedByOperator({ role, deleteAt, canBeKept }: Workspace): boolean {
  return role === "OWNER" && !canBeKept && deleteAt !== null && Date.parse(deleteAt) > Date.now();
}

const reasons: Readonly<Partial<Record<Workspace["state"], string>>> = {
  PAST_DUE: "Not paid for",
  SUSPENDED: "Suspended",
  MAINTENANCE: "Under maintenance",
  MIGRATING: "Being updated",
  DELETING: "Going to be deleted",
};

/** Takes the deletion of an organisation back. */
function KeepButton({ workspace }: { workspace: Workspace }) {
  const [keep, { loading }] = useMutation(KeepWorkspaceDocument, { variables: { id: workspace.id } });
  return (
    <Button
      loading={loading}
      aria-label={`Keep ${workspace.name}`}
      onClick={() => {
        keep().then(
          () => {
            announceDone(`${workspace.name} is kept.`);
            // The button is gone; the page's heading is the place to go on from.
            document.querySelector<HTMLElement>("main h1")?.focus();
          },
          (error: unknown) => announceProblem(readProblem(error)),
        );
      }}
    >
      Keep it
    </Button>
  );
}

/** What owners do here with an organisation that lets nobody in at its own address. */
function Parting({ workspace }: { workspace: Workspace }) {
  const { id, name, canBeDeleted, canBeExported } = workspace;
  const [open, setOpen] = useState<"export" | "delete" | null>(null);
  const [remove] = useMutation(RequestWorkspaceDeletionDocument);
  if (!canBeDeleted && !canBeExported) return null;
  return (
    <Group gap="sm">
      {canBeExported && (
        <Button size="xs" variant="default" onClick={() => setOpen("export")} aria-label={`Export ${name}…`}>
          Export…
        </Button>
      )}
      {canBeDeleted && (
        <Button size="xs" variant="subtle" color="red" onClick={() => setOpen("delete")} aria-label={`Delete ${name}…`}>
          Delete…
        </Button>
      )}
      {open === "export" && <WorkspaceExportsDialog id={id} name={name} onClose={() => setOpen(null)} />}
      {open === "delete" && (
        <DeletionDialog
          tenant={workspace}
          graceDays={workspace.deletionGraceDays}
          exports={<WorkspaceExports id={id} latest />}
          onDelete={async (input, close) => {
            const { data } = await remove({ variables: { input: { id, ...input } } });
            close(true);
            const at = data?.requestWorkspaceDeletion.workspace.deleteAt ?? null;
            announceDone(
              `${name} is going to be deleted.${at === null ? "" : ` You can keep it until ${formatInstant(at)}.`}`,
            );
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </Group>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
