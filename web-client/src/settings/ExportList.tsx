import { Alert, Badge, Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { createContext, type ReactNode, use, useCallback, useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import type { ExportFieldsFragment, ExportFormat, ExportState } from "../generated/graphql.ts";
import { announceProblem } from "../ui/form.tsx";
import { formatBytes, formatInstant } from "../ui/format.ts";
import { AlertIcon } from "../ui/icons.tsx";

/** How often it is asked how far an export is that is being made, in milliseconds. */
const pause = 2_000;

const formats: readonly { value: ExportFormat; label: string }[] = [
  { value: "CSV", label: "Tables for spreadsheets (CSV)" },
  { value: "NDJSON", label: "Lines of JSON, for programs" },
];

const states: Readonly<Record<ExportState, { label: string; color: string }>> = {
  WAITING: { label: "Waiting", color: "yellow" },
  RUNNING: { label: "Being made", color: "yellow" },
  DONE: { label: "Ready", color: "green" },
  FAILED: { label: "Failed", color: "red" },
  EXPIRED: { label: "Removed", color: "gray" },
};

/** Exports, and where they come from: the organisation itself, or the apex. */
export interface ExportSource {
  daysKept: number;
  /** The newest first. */
  nodes: readonly ExportFieldsFragment[];
  /** Asks for another one, and for the list anew. */
  onRequest: (format: ExportFormat) => Promise<void>;
  /** Asks for leave to download one. Says where it is. */
  onDownload: (id: string) => Promise<string | undefined>;
}

/** Whether there will be more to say of an export without anybody doing anything. */
const isOpen = (item: ExportFieldsFragment) => item.state === "WAITING" || item.state === "RUNNING";

/** Asks again and again while an export is being made. */
export function useProgress(
  nodes: readonly ExportFieldsFragment[] | undefined,
  { startPolling, stopPolling }: { startPolling: (interval: number) => void; stopPolling: () => void },
): void {
  const making = nodes?.some(isOpen) ?? false;
  useEffect(() => {
    if (making) startPolling(pause);
    return stopPolling;
  }, [making, startPolling, stopPolling]);
}

/** The organisation's data as a file: asked for, being made, and downloaded. `latest` shows the newest export alone. */
export function ExportList({ source, latest = false }: { source: ExportSource; latest?: boolean }) {
  const { daysKept, nodes } = source;
  const [format, setFormat] = useState<ExportFormat>("CSV");
  const [busy, run] = useWork();
  const making = nodes.some(isOpen);
  const waits = busy || making;
  const shown = latest ? nodes.slice(0, 1) : nodes;
  return (
    <Stack gap="md">
      <Text size="sm">
        All data of the organisation in one zip file. It takes a few minutes; we send you a mail when it is ready, and
        owners can download it for {daysKept} {daysKept === 1 ? "day" : "days"}. In tables for spreadsheets, what would
        be a formula has an apostrophe before it.
      </Text>
      <Group gap="sm" align="flex-end">
        <NativeSelect
          label="Format"
          data={[...formats]}
          value={format}
          onChange={(event) => setFormat(event.currentTarget.value === "NDJSON" ? "NDJSON" : "CSV")}
        />
        {/* Not `disabled` nor `loading`, which would take the focus from whoever has just pressed it. */}
        <Button
          variant="default"
          aria-disabled={waits}
          {...(waits ? { "data-disabled": true } : {})}
          onClick={() => {
            if (!waits) run(() => source.onRequest(format));
          }}
        >
          Export the data
        </Button>
      </Group>
      <div role="status">
        {making && <Text size="sm">The export is being made. You can leave this page meanwhile.</Text>}
      </div>
      {shown.length > 0 && (
        <ul className="plain-list" aria-label={latest ? "The latest export" : "Exports"}>
          {shown.map((item) => (
            <li key={item.id}>
              <Item item={item} onDownload={source.onDownload} />
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}

function Item({ item, onDownload }: { item: ExportFieldsFragment; onDownload: ExportSource["onDownload"] }) {
  const [busy, run] = useWork();
  const forgetProblem = use(ForgetProblem);
  const { label, color } = states[item.state];
  const asked = formatInstant(item.askedAt);
  const download = async () => {
    forgetProblem();
    const url = await onDownload(item.id);
    // The answer is a file: the page stays where it is.
    if (url !== undefined) window.location.assign(url);
  };
  return (
    <Group gap="sm" justify="space-between">
      <div>
        <Group gap="xs">
          <Text size="sm">{asked}</Text>
          <Badge color={color} variant="light" c="inherit">
            {label}
          </Badge>
        </Group>
        <Text size="xs" c="dimmed">
          {facts(item)}
        </Text>
      </div>
      {item.state === "DONE" && (
        <Button size="xs" loading={busy} onClick={() => run(download)} aria-label={`Download the export of ${asked}`}>
          Download
        </Button>
      )}
    </Group>
  );
}

function facts({ format, bytes, expiresAt, problem, state }: ExportFieldsFragment): string {
  const parts = [format === "CSV" ? "CSV" : "JSON lines"];
  if (bytes !== null) parts.push(formatBytes(bytes));
  if (expiresAt !== null) parts.push(`until ${formatInstant(expiresAt)}`);
  if (problem !== null) parts.push(state === "WAITING" ? `${problem} It is tried again.` : problem);
  return parts.join(" · ");
}

/** Whether work is under way, and a way to begin some; what goes wrong is announced. */
function useWork(): [boolean, (work: () => Promise<void>) => void] {
  const [busy, setBusy] = useState(false);
  const run = (work: () => Promise<void>) => {
    setBusy(true);
    work()
      .catch((problem: unknown) => announceProblem(readProblem(problem)))
      .finally(() => setBusy(false));
  };
  return [busy, run];
}

/** Takes away what is said of a download that the server refused. */
const ForgetProblem = createContext<() => void>(() => undefined);

/** Says what has become of a download that the server refused, which has led back here: once, and until the next click. */
export function DownloadProblem({ children }: { children: ReactNode }) {
  const [parameters, setParameters] = useSearchParams();
  const isInAddress = parameters.get("problem") === "download";
  const [isShown, setShown] = useState(isInAddress);
  useEffect(() => {
    if (!isInAddress) return;
    // Neither a reload nor a bookmark says it again.
    const rest = new URLSearchParams(parameters);
    rest.delete("problem");
    setParameters(rest, { replace: true });
  }, [isInAddress, parameters, setParameters]);
  const forget = useCallback(() => setShown(false), []);
  return (
    <ForgetProblem value={forget}>
      {isShown && (
        <Alert color="red" variant="light" role="alert" icon={<AlertIcon />} mb="md">
          The download did not begin. Each click on Download is good once, for a minute: click it again. If that does
          not help, ask for another export.
        </Alert>
      )}
      {children}
    </ForgetProblem>
  );
}
