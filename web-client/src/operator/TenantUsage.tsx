import { Text } from "@mantine/core";
import type { SlowOperationFieldsFragment, UsageDayFieldsFragment } from "../generated/operator.ts";
import { formatBytes, formatDate, formatInstant, formatNumber } from "../ui/format.ts";
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
        <div className="surface surface-flush">
          <table className="list usage">
            <thead>
              <tr>
                <th scope="col">Day (UTC)</th>
                <th scope="col" className="number">
                  Requests
                </th>
                <th scope="col" className="number only-wide">
                  Not signed in
                </th>
                <th scope="col" className="number">
                  Errors
                </th>
                <th scope="col" className="number only-wide">
                  ms a request
                </th>
                <th scope="col" className="number only-wide">
                  Storage
                </th>
                <th scope="col" className="number only-wide">
                  Members
                </th>
              </tr>
            </thead>
            <tbody>
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
                  <td className="number only-wide">
                    {day.storageBytes === null ? "–" : formatBytes(day.storageBytes)}
                  </td>
                  <td className="number only-wide">{day.members ?? "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
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
        <div className="surface surface-flush">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Operation</th>
                <th scope="col" className="number">
                  Times
                </th>
                <th scope="col" className="number">
                  Worst ms
                </th>
                <th scope="col" className="number only-wide">
                  Mean ms
                </th>
                <th scope="col" className="number only-wide">
                  Statements
                </th>
                <th scope="col" className="only-wide">
                  Last seen
                </th>
              </tr>
            </thead>
            <tbody>
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
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}
