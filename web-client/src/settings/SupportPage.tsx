import { useMutation, useQuery } from "@apollo/client/react";
import { Badge, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useId, useRef, useState } from "react";
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
    <Page
      title="Support access"
      subtitle="The operators of this service see nothing in here unless an owner lets them in"
    >
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
  const title = useRef<HTMLHeadingElement>(null);
  const [unfolded, setUnfolded] = useState(false);
  const [consenting, setConsenting] = useState(false);
  const [consent] = useMutation(ConsentToSupportDocument);
  const { label, color } = supportStates[grant.state];
  const name = grant.operatorName;
  // What was pressed is gone; the card's heading is the place to go on from.
  const goOn = () => title.current?.focus();
  const letIn = async () => {
    try {
      await consent({ variables: { id: grant.id } });
    } catch (error) {
      const problem = readProblem(error);
      if (problem.code === "CONFLICT") {
        // There is nothing to answer any more: the operator, another owner or the time was faster.
        announceProblem(problem);
        onStale();
        setConsenting(false);
        goOn();
      }
      throw error;
    }
  };
  return (
    <section className="surface" aria-labelledby={heading}>
      <Stack gap="sm">
        <Group gap="sm">
          <Title order={2} size="h4" id={heading} ref={title} tabIndex={-1}>
            <bdi>{name}</bdi>
          </Title>
          <Badge color={color} variant="light" c="inherit">
            {label}
          </Badge>
        </Group>
        <Text size="sm">
          {grant.operatorEmail !== name && (
            <>
              <bdi>{grant.operatorEmail}</bdi>.{" "}
            </>
          )}
          Asked on {formatInstant(grant.askedAt)}, for {formatCount(grant.hours, "hour", "hours")}
        </Text>
        <Text size="sm" style={{ whiteSpace: "pre-line" }}>
          <bdi>{grant.reason}</bdi>
        </Text>
        {happened(grant).map((sentence) => (
          <Text key={sentence} size="sm" c="dimmed">
            {sentence}
          </Text>
        ))}
        <Actions grant={grant} onStale={onStale} onConsent={() => setConsenting(true)} onDone={goOn} />
        <Group>
          <Button
            size="xs"
            variant="subtle"
            aria-expanded={unfolded}
            aria-controls={history}
            onClick={() => setUnfolded(!unfolded)}
            aria-label={`History: ${name}`}
          >
            History
          </Button>
        </Group>
        <div id={history} hidden={!unfolded}>
          {/* Read anew when something has happened. */}
          {unfolded && <SupportHistory key={`${grant.state} ${grant.lastEnteredAt ?? ""}`} grant={grant.id} />}
        </div>
      </Stack>
      {/* Here, and not among what can be done: it outlasts what it changes, and so gives the focus back or on. */}
      {consenting && (
        <ConfirmDialog
          title={`Let ${name} in`}
          submitLabel="Let in"
          done={`${name} is let in.`}
          danger={false}
          onSend={letIn}
          onClose={() => setConsenting(false)}
          goOn={goOn}
        >
          For {formatCount(grant.hours, "hour", "hours")} from now on, <bdi>{name}</bdi> sees all people with their
          private details, salaries and history, and can change nothing. Each visit is written down here. You can end it
          at any time.
        </ConfirmDialog>
      )}
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

function Actions(props: CardProps & { onConsent: () => void; onDone: () => void }) {
  const { grant, onStale, onConsent, onDone } = props;
  const [refuse, refusing] = useMutation(RefuseSupportDocument);
  const [end, ending] = useMutation(EndSupportDocument);
  const variables = { id: grant.id };
  const name = grant.operatorName;
  const finish = (work: Promise<unknown>, done: string) => {
    work.then(
      () => {
        announceDone(done);
        onDone();
      },
      (error: unknown) => {
        announceProblem(readProblem(error));
        // Another owner, the operator or the time was faster.
        onStale();
        onDone();
      },
    );
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
      <Button size="xs" onClick={onConsent} aria-label={`Let in… ${name}`}>
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
    </Group>
  );
}
