import type { Feature, IntrospectionBy, Quota, TenantState } from "../generated/operator.ts";
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
  DELETING: "Being deleted",
};

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
