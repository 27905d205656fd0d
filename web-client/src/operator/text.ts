import { sentence } from "../employee/history-text.ts";
import type { Feature, IntrospectionBy, LimitName, Quota, TenantState } from "../generated/operator.ts";
import { formatBytes, formatNumber } from "../ui/format.ts";

/** The states of organisations, in words. */
export const states: Readonly<Record<TenantState, string>> = {
  ACTIVE: "Active",
  TRIAL: "On trial",
  WARNED: "Payment due soon",
  READ_ONLY: "Read-only",
  PAST_DUE: "Past due",
  SUSPENDED: "Suspended",
  MAINTENANCE: "Maintenance",
  MIGRATING: "Migrating",
  DELETING: "Going to be deleted",
};

/** The colours of states: red is what is not served for a fault of its own, yellow what somebody has to look at. */
export const stateColors: Readonly<Record<TenantState, string>> = {
  ACTIVE: "gray",
  TRIAL: "gray",
  WARNED: "yellow",
  READ_ONLY: "yellow",
  PAST_DUE: "red",
  SUSPENDED: "red",
  MAINTENANCE: "yellow",
  MIGRATING: "yellow",
  DELETING: "red",
};

/** The limits, in words. A document is what one request of GraphQL asks for. */
export const limitNames: Readonly<Record<LimitName, { label: string; description: string }>> = {
  REQUESTS_PER_SECOND: { label: "Requests a second", description: "On the average" },
  REQUESTS_PER_SECOND_PER_ACTOR: {
    label: "Requests a second, of one person",
    description: "Or of one program or address, on the average",
  },
  CONCURRENT_OPERATIONS: { label: "Operations at a time", description: "That are executed" },
  STATEMENT_TIMEOUT_MS: { label: "Statement timeout (ms)", description: "After which Postgres cancels a statement" },
  CHARACTERS: { label: "Length of a document (bytes)", description: "Of what one GraphQL request asks for" },
  TOKENS: { label: "Tokens of a document", description: "Its words and signs" },
  DEPTH: { label: "Depth of a document", description: "Fields within one another, 40 at most" },
  ALIASES: { label: "Aliases of a document", description: "Fields that are answered under another name" },
  DIRECTIVES: { label: "Directives of a document", description: "Such as @include and @skip" },
  ROOT_FIELDS: { label: "Fields at the root", description: "Of an operation" },
  COST: {
    label: "Cost of an operation",
    description: "Fields that it may resolve, those in lists counted once an item",
  },
};

/** The limit of who may ask for the schema, in words. */
export const introspectionName = "Who may ask for the schema";

const migrationStates: Readonly<Record<string, string>> = { failed: "Failed", "under way": "Under way" };

/** Where a tenant stands with its migration, in words; what is not known yet is shown as it is. */
export function migrationState(state: string): string {
  return migrationStates[state] ?? state;
}

/** How a migration failed, by the code and the words of Postgres; nothing where it did not. */
export function failureText(failure: { code: string | null; message: string | null } | null): string {
  return [failure?.code, failure?.message].filter((part) => part != null).join(" ");
}

const askers: Readonly<Record<string, string>> = { owner: "an owner", operator: "an operator" };

/** Who asked for a deletion, in words; what is not known yet is shown as it is. */
export function asker(askedBy: string): string {
  return askers[askedBy] ?? askedBy;
}

const removedThings: Readonly<Record<string, string>> = {
  rows: "Rows in its tables",
  tenant_migrations: "Migrations noted",
  tenant_notices: "Notices to owners noted",
  outgoing_mail: "Mails",
  api_keys: "API keys",
  entry_codes: "Codes for entering",
  former_slugs: "Former addresses",
  domains: "Hosts",
  domain_claims: "Claims to hosts",
  external_identities: "Identities at its provider",
  usage_days: "Days of usage",
  audit_outbox: "Audit entries on their way",
};

/** What was removed with an organisation, in words: by the name of a table, unless there are others for it. */
export function removedThing(what: string): string {
  return removedThings[what] ?? sentence(what);
}

/** The quotas of plans, in words. */
export const quotas: Readonly<Record<Quota, string>> = {
  SEATS: "Seats",
  STORAGE_BYTES: "Storage",
  REQUESTS_PER_DAY: "Requests a day",
};

/** The features of plans, in words. */
export const features: Readonly<Record<Feature, string>> = {
  CUSTOM_DOMAINS: "Custom domains",
  IDENTITY_PROVIDER: "Identity provider",
  API_KEYS: "API keys",
};

/** Who may ask for the schema of an organisation, in words. */
export const introspections: Readonly<Record<IntrospectionBy, string>> = {
  ON: "Anyone",
  OFF: "Nobody",
  MEMBERS: "Whoever is signed in",
};

/** How much there is of a quota, or how much is used. */
export function formatQuota(quota: Quota, amount: number, locale?: string): string {
  return quota === "STORAGE_BYTES" ? formatBytes(amount, locale) : formatNumber(amount, locale);
}

/** What is said where an amount of a quota was typed that is none; a sentence without its end. */
export function amountWanted(quota: Quota): string {
  return quota === "STORAGE_BYTES" ? "Enter bytes, or such as 2 GB" : "Enter a whole number";
}

const sizes = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** The amount of a quota that was typed, such as 50, or 2 GB of storage; null where it is none. */
export function readAmount(quota: Quota, text: string): number | null {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]b)?\s*$/i.exec(text) ?? [];
  if (digits === undefined || (unit !== undefined && quota !== "STORAGE_BYTES")) return null;
  // Rounded where there is a unit, and not otherwise: 4.1 * 1e9 is a little less than what was meant, and half a seat is none.
  const amount =
    unit === undefined ? Number(digits) : Math.round(Number(digits) * sizes[unit.toUpperCase() as keyof typeof sizes]);
  return Number.isSafeInteger(amount) ? amount : null;
}

/** An amount as it is typed: bytes in the largest unit that has no rest. */
export function typedAmount(quota: Quota, amount: number): string {
  if (quota !== "STORAGE_BYTES" || amount === 0) return String(amount);
  const fitting = Object.entries(sizes).findLast(([, size]) => amount % size === 0);
  return fitting === undefined ? String(amount) : `${amount / fitting[1]} ${fitting[0]}`;
}
