import { sentence } from "../employee/history-text.ts";
import { formatBytes, formatInstant, formatLastDay, formatNumber, roles } from "../ui/format.ts";
import { asker, features, introspectionName, introspections } from "./text.ts";

const actions: Readonly<Record<string, string>> = {
  "operator.created": "Operator invited",
  "operator.disabled": "Operator disabled",
  "operator.reset": "Operator’s way in reset",
  "operator.set_up": "Account set up",
  "operator.signed_in": "Signed in",
  "plan.created": "Plan made",
  "plan.changed": "Plan changed",
  "plan.removed": "Plan removed",
  "support.requested": "Asked to look in",
  "support.withdrawn": "Request to look in withdrawn",
  "support.entered": "Entered",
  "support.given_back": "Support access given back",
  "tenant.adopted": "Taken over",
  "tenant.cloned": "Copied",
  "tenant.created": "Made",
  "tenant.deletion_requested": "Deletion asked for",
  "tenant.deletion_withdrawn": "Kept",
  "tenant.domain_checked": "Host checked",
  "tenant.domain_claimed": "Host claimed",
  "tenant.domain_made_primary": "Host made the primary one",
  "tenant.domain_redirect_set": "Redirect of hosts changed",
  "tenant.domain_removed": "Host removed",
  "tenant.domain_trusted": "Host trusted",
  "tenant.imported": "Imported",
  "tenant.limits_set": "Limits changed",
  "tenant.maintenance_begun": "Maintenance begun",
  "tenant.maintenance_ended": "Maintenance ended",
  "tenant.member_joined": "Member added",
  "tenant.member_removed": "Member removed",
  "tenant.migration_retried": "Migration tried again",
  "tenant.origins_set": "Allowed origins changed",
  "tenant.plan_set": "Given another plan",
  "tenant.renamed": "Renamed",
  "tenant.restored": "Restored",
  "tenant.restored_in_place": "Restored in place",
  "tenant.resumed": "Resumed",
  "tenant.suspended": "Suspended",
  "tenant.terms_set": "Dates set",
};

/** What an operator did, in words; what is not known yet is shown by its own name. */
export function operatorAction(action: string): string {
  return actions[action] ?? action;
}

/** Features by the names that the server writes down. */
const featureNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(features).map(([feature, name]) => [feature.toLowerCase().replaceAll("_", "-"), name]),
);

const fields: Readonly<Record<string, string>> = {
  trialEndsAt: "Trial ends",
  deleteAt: "Deletion on",
  madeAt: "Backup of",
  maintenance: "Message",
  slug: "Address",
  status: "State",
  storageBytes: "Storage",
  requestsPerDay: "Requests a day",
  warningDays: "Days of warning",
  readOnlyAfterDays: "Read-only after days",
  suspendAfterDays: "Suspended after days",
  statementTimeoutMs: "Statement timeout (ms)",
  forNewTenants: "For new organisations",
  ownerInvited: "Owner invited",
  introspection: introspectionName,
  ...featureNames,
};

/** How the words of the server are told in these fields; what is not known yet is shown as it is. */
const words: Readonly<Record<string, (code: string) => string | undefined>> = {
  role: (code) => known(roles, code.toUpperCase()),
  askedBy: asker,
  features: (code) => known(featureNames, code),
  introspection: (code) => known(introspections, code.toUpperCase()),
};

/** Days that count as a whole. */
const days: readonly string[] = ["trialEndsAt", "paidUntil"];

/** Ids that say nothing to people. */
const hidden: readonly string[] = ["grant"];

/** What is worth a line only where it is so. */
const onlyIfSo: readonly string[] = ["ownerInvited", "primary"];

/** What an event changed, a line for each field: what it was and has become, or what it is. */
export function eventChanges(details: unknown): string[] {
  if (!isObject(details)) return [];
  return Object.entries(details)
    .filter(
      ([field, value]) => value !== null && !hidden.includes(field) && !(value === false && onlyIfSo.includes(field)),
    )
    .map(([field, value]) => {
      const said = isObject(value) && "from" in value && "to" in value ? changed(field, value) : told(field, value);
      return `${fields[field] ?? sentence(field)}: ${said}`;
    });
}

/** What was not there before is told by what it has become. */
function changed(field: string, { from, to }: Record<string, unknown>): string {
  return from === null ? told(field, to) : `${told(field, from)} → ${told(field, to)}`;
}

function told(field: string, value: unknown): string {
  switch (typeof value) {
    case "boolean":
      return value ? "yes" : "no";
    case "number":
      return field === "storageBytes" ? formatBytes(value) : formatNumber(value);
    case "string":
      if (value === "") return "none";
      if (days.includes(field)) return formatLastDay(value);
      return isInstant(value) ? formatInstant(value) : (words[field]?.(value) ?? value);
    default:
      if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((item) => told(field, item)).join(", ");
      return value === null || value === undefined ? "–" : JSON.stringify(value);
  }
}

function known(names: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(names, code) ? names[code] : undefined;
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
