import type { ReactNode } from "react";
import type { OperatorTenantQuery } from "../generated/operator.ts";
import { formatBytes, formatDay, formatInstant, formatLastDay } from "../ui/format.ts";
import { Section } from "./Section.tsx";
import { StateBadge } from "./StateBadge.tsx";
import { asker, failureText } from "./text.ts";

type Details = OperatorTenantQuery["tenant"];

/** What is known of an organisation; what there is nothing to say of is left out. */
export function TenantFacts({ details }: { details: Details }) {
  return (
    <>
      <Facts title="Life" facts={life(details)} />
      <Facts title="Data" facts={data(details)} />
      <Facts title="Address" facts={address(details)} />
    </>
  );
}

/** A name and its value; null where there is none. */
type Fact = [string, ReactNode];

function Facts({ title, facts }: { title: string; facts: readonly Fact[] }) {
  return (
    <Section title={title}>
      <div className="surface surface-flush">
        <table className="list facts-list">
          <tbody>
            {facts
              .filter(([, value]) => value !== null && value !== "")
              .map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{value}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function life({ tenant, terms, maintenanceMessage, deletion }: Details): Fact[] {
  const at = (instant: string | null, format: (instant: string) => string) =>
    instant === null ? null : format(instant);
  return [
    ["State", <StateBadge state={tenant.state} />],
    ["Maintenance", maintenanceMessage === "" ? "Without a message" : maintenanceMessage],
    [
      "Deletion",
      deletion === null
        ? null
        : [at(tenant.deleteAt, formatInstant), `asked for by ${asker(deletion.askedBy)}`]
            .filter((part) => part !== null)
            .join(", "),
    ],
    ["Trial ends", at(tenant.trialEndsAt, formatLastDay)],
    ["Paid until", at(tenant.paidUntil, formatLastDay)],
    ["Warned from", at(terms.warnedFrom, formatDay)],
    ["Read-only from", at(terms.readOnlyFrom, formatDay)],
    ["Suspended from", at(terms.suspendedFrom, formatDay)],
    ["Made", formatInstant(tenant.createdAt)],
    ["Last activity", at(tenant.lastActivityAt, formatInstant)],
  ];
}

function data({ tenant, schemaName }: Details): Fact[] {
  return [
    ["Members", tenant.memberCount],
    ["Size", formatBytes(tenant.sizeBytes)],
    ["Schema", schemaName],
    ["Version", tenant.isBehind ? `${tenant.schemaVersion ?? "none"} (behind)` : "Current"],
    ["Last failure", failureText(tenant.lastMigrationFailure)],
  ];
}

function address({ tenant, formerSlugs }: Details): Fact[] {
  return [
    ["Address", tenant.slug],
    ["Former addresses", formerSlugs.map(({ slug }) => slug).join(", ")],
    ["Hosts", tenant.hosts.length === 0 ? null : <Hosts hosts={tenant.hosts} />],
  ];
}

function Hosts({ hosts }: { hosts: readonly string[] }) {
  return (
    <ul className="short-list">
      {hosts.map((host) => (
        <li key={host}>{host}</li>
      ))}
    </ul>
  );
}
