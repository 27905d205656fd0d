import type { TenantState } from "../generated/operator.ts";

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

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A number of bytes, in the largest unit of which there is one. */
export function formatBytes(bytes: number, locale?: string): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[power] ?? "byte",
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(bytes / 1000 ** power);
}
