import { useMutation, useQuery } from "@apollo/client/react";
import { Button, Group, NativeSelect, Text, Textarea, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { use, useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  EndSupportAsOperatorDocument,
  type OperatorSupportGrantFragment,
  OperatorSupportGrantsDocument,
  RequestSupportDocument,
} from "../generated/operator.ts";
import { forSupport } from "../session/entry.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, announceProblem, Form, useSubmission } from "../ui/form.tsx";
import { formatCount, formatInstant } from "../ui/format.ts";
import { isOutOfSight, usePolling } from "../ui/polling.ts";
import { ErrorState } from "../ui/states.tsx";
import { supportStates } from "../ui/support.ts";
import { Table } from "../ui/Table.tsx";
import { OperatorContext, useMayChange } from "./session.ts";

interface Tenant {
  id: string;
  name: string;
  url: string;
}

/** Looking into an organisation: asking its owners, entering, and giving it back. */
export function SupportAccess({ tenant }: { tenant: Tenant }) {
  const query = useQuery(OperatorSupportGrantsDocument, {
    variables: { tenantId: tenant.id },
    fetchPolicy: "cache-and-network",
    skipPollAttempt: isOutOfSight,
  });
  const { data, error, refetch } = query;
  const mayChange = useMayChange();
  const [asking, setAsking] = useState(false);
  const again = () => void refetch().catch(() => undefined);
  const grants = data?.supportGrants ?? [];
  usePolling(
    grants.some(({ state }) => state === "ASKED" || state === "OPEN"),
    query,
  );
  return (
    <section aria-labelledby="support-access">
      <Title order={2} size="h4" mt="lg" mb="sm" id="support-access">
        Support access
      </Title>
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={again} />
      ) : grants.length === 0 ? (
        <Text size="sm">No operator has asked to look in.</Text>
      ) : (
        <Table columns={{ Who: "", Why: "only-wide", State: "" }}>
          {grants.map((grant) => (
            <GrantRow key={grant.id} grant={grant} tenant={tenant} onDone={again} />
          ))}
        </Table>
      )}
      {mayChange && (
        <Button variant="default" mt="sm" onClick={() => setAsking(true)}>
          Ask to look in…
        </Button>
      )}
      {asking && (
        <Dialog title={`Ask to look into ${tenant.name}`} onClose={() => setAsking(false)}>
          {(close) => <AskForm tenant={tenant} close={close} onDone={again} />}
        </Dialog>
      )}
    </section>
  );
}

function GrantRow({
  grant,
  tenant,
  onDone,
}: {
  grant: OperatorSupportGrantFragment;
  tenant: Tenant;
  onDone: () => void;
}) {
  const operator = use(OperatorContext);
  const mayChange = useMayChange();
  const [end, ending] = useMutation(EndSupportAsOperatorDocument);
  const { state, decidedBy, expiresAt, endedAt, endedBy } = grant;
  const isOwn = operator?.email === grant.operatorEmail;
  const give = () => {
    end({ variables: { input: { id: tenant.id, grantId: grant.id } } }).then(
      () => {
        announceDone(state === "ASKED" ? "The request is withdrawn." : "The access is given back.");
        onDone();
      },
      (problem: unknown) => {
        announceProblem(readProblem(problem));
        // Its state has changed meanwhile.
        onDone();
      },
    );
  };
  return (
    <tr>
      <th scope="row">
        <bdi>{grant.operatorName}</bdi>
        <Text size="xs" c="dimmed">
          {formatInstant(grant.askedAt)}, {formatCount(grant.hours, "hour", "hours")}
        </Text>
        <Text size="xs" className="only-narrow" style={{ whiteSpace: "pre-line" }}>
          {grant.reason}
        </Text>
      </th>
      <td className="only-wide" style={{ whiteSpace: "pre-line" }}>
        {grant.reason}
      </td>
      <td>
        {supportStates[state].label}
        {endedBy !== null && endedAt !== null && (
          <Text size="xs" c="dimmed">
            by <bdi>{endedBy}</bdi>, {formatInstant(endedAt)}
          </Text>
        )}
        {decidedBy !== null && (
          <Text size="xs" c="dimmed">
            {state === "OPEN" || state === "REFUSED" ? "by" : "Let in by"} <bdi>{decidedBy}</bdi>
            {(state === "OPEN" || state === "EXPIRED") && expiresAt !== null && `, until ${formatInstant(expiresAt)}`}
          </Text>
        )}
        {mayChange && (state === "ASKED" || state === "OPEN") && (
          <Group gap="xs" mt="xs">
            {state === "OPEN" && isOwn && (
              <Button component="a" size="xs" href={`${tenant.url}/enter#${forSupport}`}>
                Enter
              </Button>
            )}
            <Button size="xs" variant="default" loading={ending.loading} onClick={give}>
              {state === "ASKED" ? "Withdraw" : "Give back"}
            </Button>
          </Group>
        )}
      </td>
    </tr>
  );
}

/** For so many hours an operator can be let in. */
const hours = [1, 2, 3, 4, 5, 6, 7, 8].map((count) => ({
  value: String(count),
  label: formatCount(count, "hour", "hours"),
}));

function AskForm({ tenant, close, onDone }: { tenant: Tenant; close: Close; onDone: () => void }) {
  const [ask] = useMutation(RequestSupportDocument);
  const form = useForm({
    initialValues: { reason: "", hours: "2" },
    validate: { reason: (value) => (value.trim() === "" ? "Enter the reason." : null) },
  });
  const submission = useSubmission(form, async ({ reason, hours }) => {
    await ask({ variables: { input: { id: tenant.id, reason: reason.trim(), hours: Number(hours) } } });
    announceDone("Its owners get a mail.");
    close();
    onDone();
  });
  return (
    <Form submission={submission} submitLabel="Ask" label="Ask to look in" onCancel={close}>
      <Text size="sm" mb="md">
        Its owners read the reason, and let you in or not. You would see what is in the organisation and could change
        nothing; they see each visit.
      </Text>
      <Textarea
        label="Reason"
        required
        withAsterisk={false}
        maxLength={500}
        autosize
        minRows={2}
        dir="auto"
        data-autofocus
        {...form.getInputProps("reason")}
      />
      <NativeSelect
        label="For"
        description="From the consent on"
        mt="md"
        data={hours}
        {...form.getInputProps("hours")}
      />
    </Form>
  );
}
