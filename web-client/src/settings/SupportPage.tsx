import { useMutation, useQuery } from "@apollo/client/react";
import { Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useId, useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  ConsentToSupportDocument,
  EndSupportDocument,
  RefuseSupportDocument,
  type SupportGrantFieldsFragment,
  SupportGrantsDocument,
} from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { useViewer } from "../session/context.ts";
import { announceDone, announceProblem } from "../ui/form.tsx";
import { formatCount, formatInstant } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { isOutOfSight, usePolling } from "../ui/polling.ts";
import { supportStates } from "../ui/support.ts";
import { SupportHistory } from "./SupportHistory.tsx";

type Grant = SupportGrantFieldsFragment;

/** Operators who ask to look into the organisation: owners let them in or not, and end it whenever they like. */
export function SupportPage() {
  const viewer = useViewer();
  if (!viewer.permissions.manageTenant) {
    return (
      <Page title="Support access">
        <Empty title="Only owners let operators in" />
      </Page>
    );
  }
  return <Grants />;
}

function Grants() {
  const query = useQuery(SupportGrantsDocument, {
    fetchPolicy: "cache-and-network",
    skipPollAttempt: isOutOfSight,
  });
  const { data, error, refetch } = query;
  const grants = data?.supportGrants ?? null;
  usePolling(grants?.some(({ state }) => state === "ASKED" || state === "OPEN") ?? false, query);
  const again = () => void refetch().catch(() => undefined);
  return (
    <Page title="Support access" subtitle="Who operates this service sees nothing in here unless an owner lets them in">
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={again} />
      ) : grants === null ? (
        <LoadingRows rows={3} />
      ) : grants.length === 0 ? (
        <Empty title="No operator has asked to look in here" />
      ) : (
        <Stack>
          {grants.map((grant) => (
            <GrantCard key={grant.id} grant={grant} onStale={again} />
          ))}
        </Stack>
      )}
    </Page>
  );
}

interface CardProps {
  grant: Grant;
  /** Called when it has turned out that the request is not any more what is shown. */
  onStale: () => void;
}

function GrantCard({ grant, onStale }: CardProps) {
  const heading = useId();
  const history = useId();
  const [unfolded, setUnfolded] = useState(false);
  const { label, color } = supportStates[grant.state];
  return (
    <section className="surface" aria-labelledby={heading}>
      <Stack gap="sm">
        <Group gap="sm">
          <Title order={2} size="h4" id={heading}>
            <bdi>{grant.operatorName}</bdi>
          </Title>
          <Badge color={color} variant="light" c="inherit">
            {label}
          </Badge>
        </Group>
        <Text size="sm">
          <bdi>{grant.operatorEmail}</bdi>, {formatInstant(grant.askedAt)}, for{" "}
          {formatCount(grant.hours, "hour", "hours")}
        </Text>
        <Text size="sm" style={{ whiteSpace: "pre-line" }}>
          <bdi>{grant.reason}</bdi>
        </Text>
        {happened(grant).map((sentence) => (
          <Text key={sentence} size="sm" c="dimmed">
            {sentence}
          </Text>
        ))}
        <Actions grant={grant} onStale={onStale} />
        <Group>
          <Button
            size="xs"
            variant="subtle"
            aria-expanded={unfolded}
            aria-controls={history}
            onClick={() => setUnfolded(!unfolded)}
            aria-label={`History: ${grant.operatorName}`}
          >
            History
          </Button>
        </Group>
        <div id={history} hidden={!unfolded}>
          {/* Read anew when something has happened. */}
          {unfolded && <SupportHistory key={`${grant.state} ${grant.lastEnteredAt ?? ""}`} grant={grant.id} />}
        </div>
      </Stack>
    </section>
  );
}

/** What became of the request, a sentence each. */
function happened({
  state,
  lapsesAt,
  decidedBy,
  decidedAt,
  expiresAt,
  lastEnteredAt,
  endedBy,
  endedAt,
}: Grant): string[] {
  const lines = [];
  if (state === "ASKED") lines.push(`Until ${formatInstant(lapsesAt)} it can be answered.`);
  if (decidedBy !== null && decidedAt !== null) {
    const what = state === "REFUSED" ? "refused" : "consented";
    lines.push(`${decidedBy} ${what} on ${formatInstant(decidedAt)}.`);
  }
  if (lastEnteredAt !== null) lines.push(`Last entered on ${formatInstant(lastEnteredAt)}.`);
  else if (expiresAt !== null) lines.push("Has not entered.");
  if (state === "OPEN" && expiresAt !== null) lines.push(`It ends by itself on ${formatInstant(expiresAt)}.`);
  if (state === "EXPIRED" && expiresAt !== null) lines.push(`It ended by itself on ${formatInstant(expiresAt)}.`);
  if (endedBy !== null && endedAt !== null) {
    lines.push(`${endedBy} ${state === "WITHDRAWN" ? "withdrew" : "ended"} it on ${formatInstant(endedAt)}.`);
  }
  return lines;
}

function Actions({ grant, onStale }: CardProps) {
  const [consenting, setConsenting] = useState(false);
  const [consent] = useMutation(ConsentToSupportDocument);
  const [refuse, refusing] = useMutation(RefuseSupportDocument);
  const [end, ending] = useMutation(EndSupportDocument);
  const variables = { id: grant.id };
  const name = grant.operatorName;
  const tell = (error: unknown) => {
    announceProblem(readProblem(error));
    // Another owner, the operator or the time was faster.
    onStale();
  };
  const finish = (work: Promise<unknown>, done: string) => {
    work.then(() => announceDone(done), tell);
  };
  const letIn = async () => {
    try {
      await consent({ variables });
    } catch (error) {
      // The dialog says it as well, but goes where there is nothing to answer any more.
      if (readProblem(error).code === "CONFLICT") tell(error);
      throw error;
    }
  };
  if (grant.state === "OPEN") {
    return (
      <Group gap="sm">
        <Button
          size="xs"
          color="red"
          loading={ending.loading}
          onClick={() => finish(end({ variables }), `${name} is not let in any more.`)}
          aria-label={`End it now: ${name}`}
        >
          End it now
        </Button>
      </Group>
    );
  }
  if (grant.state !== "ASKED") return null;
  return (
    <Group gap="sm">
      <Button size="xs" onClick={() => setConsenting(true)} aria-label={`Let in… ${name}`}>
        Let in…
      </Button>
      <Button
        size="xs"
        variant="default"
        loading={refusing.loading}
        onClick={() => finish(refuse({ variables }), `${name} is not let in.`)}
        aria-label={`Refuse ${name}`}
      >
        Refuse
      </Button>
      {consenting && (
        <ConfirmDialog
          title={`Let ${name} in`}
          submitLabel="Let in"
          done={`${name} is let in.`}
          onSend={letIn}
          onClose={() => setConsenting(false)}
        >
          For {formatCount(grant.hours, "hour", "hours")} from now on, <bdi>{name}</bdi> sees all people with their
          private details, salaries and history, and can change nothing. Each visit is written down here. You can end it
          at any time.
        </ConfirmDialog>
      )}
    </Group>
  );
}
