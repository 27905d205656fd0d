import { Text } from "@mantine/core";
import type { SlowOperationFieldsFragment, UsageDayFieldsFragment } from "../generated/operator.ts";
import { formatBytes, formatDate, formatInstant, formatNumber } from "../ui/format.ts";
import { Table } from "../ui/Table.tsx";
import { Section } from "./Section.tsx";

/** What an organisation has used, day by day. */
export function TenantUsage({ days }: { days: readonly UsageDayFieldsFragment[] }) {
  const all = ({ requests, anonymousRequests }: UsageDayFieldsFragment) => requests + anonymousRequests;
  const most = Math.max(1, ...days.map(all));
  return (
    <Section title="Usage of the last 30 days">
      {days.length === 0 ? (
        <Text size="sm">Nothing was used.</Text>
      ) : (
        <Table
          className="usage"
          columns={{
            "Day (UTC)": "",
            Requests: "number",
            "Not signed in": "number only-wide",
            Errors: "number",
            "ms a request": "number only-wide",
            Storage: "number only-wide",
            Members: "number only-wide",
          }}
        >
          {days.map((day) => (
            <tr key={day.day}>
              <th scope="row">
                {formatDate(day.day)}
                {all(day) > 0 && (
                  <div className="bar" aria-hidden="true" style={{ inlineSize: `${(all(day) / most) * 100}%` }} />
                )}
              </th>
              <td className="number">{formatNumber(day.requests)}</td>
              <td className="number only-wide">{formatNumber(day.anonymousRequests)}</td>
              <td className="number">{formatNumber(day.errors)}</td>
              <td className="number only-wide">
                {all(day) === 0 ? "–" : formatNumber(Math.round(day.milliseconds / all(day)))}
              </td>
              <td className="number only-wide">{day.storageBytes === null ? "–" : formatBytes(day.storageBytes)}</td>
              <td className="number only-wide">{day.members ?? "–"}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

/** The operations of an organisation that took long, the worst first. */
export function SlowOperations({ operations }: { operations: readonly SlowOperationFieldsFragment[] }) {
  return (
    <Section title="Slow operations">
      {operations.length === 0 ? (
        <Text size="sm">No operation took long.</Text>
      ) : (
        <Table
          columns={{
            Operation: "",
            Times: "number",
            "Worst ms": "number",
            "Mean ms": "number only-wide",
            Statements: "number only-wide",
            "Last seen": "only-wide",
          }}
        >
          {operations.map((slow) => (
            <tr key={`${slow.documentHash} ${slow.operation}`}>
              <th scope="row">
                {slow.kind} {slow.operation}
                <Text size="xs" c="dimmed">
                  {slow.rootFields.join(", ")} · <code>{slow.documentHash.slice(0, 12)}</code>
                </Text>
              </th>
              <td className="number">{formatNumber(slow.count)}</td>
              <td className="number">{formatNumber(slow.worstMilliseconds)}</td>
              <td className="number only-wide">{formatNumber(slow.meanMilliseconds)}</td>
              <td className="number only-wide">{slow.statements === 0 ? "–" : formatNumber(slow.statements)}</td>
              <td className="only-wide">{formatInstant(slow.lastSeenAt)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}
