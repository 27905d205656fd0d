import { useMutation } from "@apollo/client/react";
import { Badge, Button, Code, Group, Stack, Text, Title } from "@mantine/core";
import { useId, useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  CheckDomainDocument,
  type DomainFieldsFragment,
  type DomainState,
  MakeDomainPrimaryDocument,
} from "../generated/graphql.ts";
import { useIsReadOnly } from "../session/context.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { announceDone, announceProblem } from "../ui/form.tsx";
import { formatInstant } from "../ui/format.ts";

const states: Readonly<Record<DomainState, { label: string; color: string }>> = {
  BUILT_IN: { label: "Always yours", color: "gray" },
  TRUSTED: { label: "Set up by the operator", color: "gray" },
  PENDING: { label: "Not proved yet", color: "yellow" },
  PROVED: { label: "Proved", color: "green" },
  FAILING: { label: "Proof is missing", color: "red" },
};

interface Props {
  domain: DomainFieldsFragment;
  /** Something has changed. */
  onChange: () => Promise<void>;
  onRemove: () => void;
}

/** One address: where it stands, the record that proves it, and what can be done with it. */
export function DomainCard({ domain, onChange, onRemove }: Props) {
  const heading = useId();
  const { label, color } = states[domain.state];
  return (
    <section className="surface" aria-labelledby={heading}>
      <Stack gap="sm">
        <Group gap="sm">
          <Title order={2} size="h4" id={heading} className="domain">
            <bdi>{domain.hostname}</bdi>
          </Title>
          <Badge color={color} variant="light" c="inherit">
            {label}
          </Badge>
          {domain.isPrimary && (
            <Badge color="indigo" variant="light" c="inherit">
              Primary
            </Badge>
          )}
        </Group>
        {domain.record !== null && <RecordToSet record={domain.record} isServed={domain.state !== "PENDING"} />}
        <Standing domain={domain} />
        <Actions domain={domain} onChange={onChange} onRemove={onRemove} />
      </Stack>
    </section>
  );
}

function RecordToSet(props: { record: NonNullable<DomainFieldsFragment["record"]>; isServed: boolean }) {
  const { name, value } = props.record;
  return (
    <>
      <Text size="sm">
        {props.isServed
          ? "Keep this TXT record in the DNS of the domain for as long as the address is used:"
          : "Set this TXT record in the DNS of the domain, then check:"}
      </Text>
      {[
        { label: "Name", copy: "Copy the name", content: name },
        { label: "Value", copy: "Copy the value", content: value },
      ].map(({ label, copy, content }) => (
        <Group key={label} gap="sm" align="center">
          <Text size="sm" fw={600} w="3rem">
            {label}
          </Text>
          <Code className="secret domain">{content}</Code>
          <CopyButton content={content} label={copy} />
        </Group>
      ))}
    </>
  );
}

function Standing({ domain }: { domain: DomainFieldsFragment }) {
  // Nothing is ever said of the one that is always there.
  if (domain.state === "BUILT_IN") return null;
  return (
    <div role="status">
      {domain.problem !== null && <Text size="sm">{domain.problem}</Text>}
      {domain.state === "FAILING" && (
        <Text size="sm">Without its record, the address is released a week after it went missing.</Text>
      )}
      {domain.checkedAt !== null && (
        <Text size="xs" c="dimmed">
          Last checked {formatInstant(domain.checkedAt)}
        </Text>
      )}
    </div>
  );
}

function Actions({ domain, onChange, onRemove }: Props) {
  const [check] = useMutation(CheckDomainDocument);
  const [makePrimary] = useMutation(MakeDomainPrimaryDocument);
  const isReadOnly = useIsReadOnly();
  const [busy, setBusy] = useState(false);
  const { hostname } = domain;
  const run = async (work: () => Promise<string | null>) => {
    setBusy(true);
    try {
      const done = await work();
      await onChange();
      if (done !== null) announceDone(done);
    } catch (error) {
      announceProblem(readProblem(error));
    } finally {
      setBusy(false);
    }
  };
  const look = () =>
    run(async () => {
      const { data } = await check({ variables: { hostname } });
      return data?.checkDomain.domain.problem === null ? "The record is there." : null;
    });
  const prefer = () =>
    run(async () => {
      await makePrimary({ variables: { hostname } });
      return `${hostname} is the primary address now.`;
    });
  if (domain.state === "BUILT_IN" && domain.isPrimary) return null;
  return (
    <Group gap="sm">
      {!isReadOnly && domain.record !== null && (
        <Button size="xs" variant="default" loading={busy} onClick={look} aria-label={`Check now: ${hostname}`}>
          Check now
        </Button>
      )}
      {!isReadOnly && domain.state !== "PENDING" && !domain.isPrimary && (
        <Button size="xs" variant="default" disabled={busy} onClick={prefer} aria-label={`Make primary: ${hostname}`}>
          Make primary
        </Button>
      )}
      {domain.state !== "BUILT_IN" && (
        <Button
          size="xs"
          variant="subtle"
          color="red"
          disabled={busy}
          onClick={onRemove}
          aria-label={`Remove ${hostname}`}
        >
          Remove
        </Button>
      )}
    </Group>
  );
}
