import { useMutation, useQuery } from "@apollo/client/react";
import { Badge, Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  DownloadExportDocument,
  type ExportFieldsFragment,
  type ExportFormat,
  ExportsDocument,
  type ExportState,
  RequestExportDocument,
} from "../generated/graphql.ts";
import { announceProblem } from "../ui/form.tsx";
import { formatBytes, formatInstant } from "../ui/format.ts";
import { ErrorState, LoadingRows } from "../ui/states.tsx";

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

/** Whether there will be more to say of an export without anybody doing anything. */
const isOpen = (item: ExportFieldsFragment) => item.state === "WAITING" || item.state === "RUNNING";

/** The organisation's data as a file: asked for, being made, and downloaded. `latest` shows the newest export alone. */
export function Exports({ latest = false }: { latest?: boolean }) {
  const { data, error, refetch, startPolling, stopPolling } = useQuery(ExportsDocument, {
    fetchPolicy: "cache-and-network",
  });
  const [request] = useMutation(RequestExportDocument);
  const [format, setFormat] = useState<ExportFormat>("CSV");
  const [busy, setBusy] = useState(false);
  const list = data?.exports ?? null;
  const making = list?.nodes.some(isOpen) ?? false;

  useEffect(() => {
    if (making) startPolling(pause);
    return stopPolling;
  }, [making, startPolling, stopPolling]);

  if (error !== undefined && list === null) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows rows={2} />;
  if (list === null) return null;

  const ask = async () => {
    setBusy(true);
    try {
      await request({ variables: { input: { format } } });
      await refetch();
    } catch (problem) {
      announceProblem(readProblem(problem));
    } finally {
      setBusy(false);
    }
  };
  const shown = latest ? list.nodes.slice(0, 1) : list.nodes;
  return (
    <Stack gap="md">
      <Text size="sm">
        All data of the organisation in one zip file. It is made by and by, you get a mail, and owners can download it
        for {list.daysKept} {list.daysKept === 1 ? "day" : "days"}.
      </Text>
      <Group gap="sm" align="flex-end">
        <NativeSelect
          label="Format"
          data={[...formats]}
          value={format}
          onChange={(event) => setFormat(event.currentTarget.value === "NDJSON" ? "NDJSON" : "CSV")}
        />
        <Button variant="default" loading={busy} disabled={making} onClick={() => void ask()}>
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
              <Item item={item} />
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}

function Item({ item }: { item: ExportFieldsFragment }) {
  const [download] = useMutation(DownloadExportDocument, { fetchPolicy: "no-cache" });
  const [busy, setBusy] = useState(false);
  const { label, color } = states[item.state];
  const asked = formatInstant(item.askedAt);
  const get = async () => {
    setBusy(true);
    try {
      const { data } = await download({ variables: { id: item.id } });
      // The answer is a file: the page stays where it is.
      if (data !== undefined) window.location.assign(data.downloadExport.url);
    } catch (problem) {
      announceProblem(readProblem(problem));
    } finally {
      setBusy(false);
    }
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
        <Button size="xs" loading={busy} onClick={() => void get()} aria-label={`Download the export of ${asked}`}>
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
