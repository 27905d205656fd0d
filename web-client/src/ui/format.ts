import type { EmploymentStatus, EmploymentType, Role } from "../generated/graphql.ts";

/** A calendar date (`2026-11-21`) as the person's locale writes it, the same day everywhere. */
export function formatDate(date: string, locale?: string): string {
  const instant = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(instant)) return date;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(instant);
}

/** An instant, in the person's time zone unless another is given. */
export function formatInstant(instant: string, locale?: string, timeZone?: string): string {
  const time = Date.parse(instant);
  if (Number.isNaN(time)) return instant;
  return new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    timeStyle: "short",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(time);
}

/** The day of an instant, in UTC: the dates on which something begins to hold for organisations are such days. */
export function formatDay(instant: string, locale?: string): string {
  const time = Date.parse(instant);
  return Number.isNaN(time) ? instant : formatDate(new Date(time).toISOString().slice(0, 10), locale);
}

/** The last day (`2026-11-21`, UTC) of something that holds until an instant: a day that was named counts as a whole. */
export function lastDay(until: string): string {
  const time = Date.parse(until);
  return Number.isNaN(time) ? until : new Date(time - 1).toISOString().slice(0, 10);
}

/** The instant at which a day (`2026-11-21`, UTC) is over, for what holds until then; `lastDay` gives the day back. */
export function endOfDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString();
}

/** The last day of something that holds until an instant, as the person's locale writes it. */
export function formatLastDay(until: string, locale?: string): string {
  return formatDate(lastDay(until), locale);
}

/** An exact decimal amount (`"52000.00"`) with its ISO 4217 currency. */
export function formatMoney(money: { amount: string; currency: string }, locale?: string): string {
  try {
    // A numeric string is formatted exactly, without passing through a binary fraction.
    return new Intl.NumberFormat(locale, { style: "currency", currency: money.currency }).format(
      money.amount as `${number}`,
    );
  } catch {
    return `${money.amount} ${money.currency}`;
  }
}

/** A whole number as the person's locale writes it. */
export function formatNumber(count: number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(count);
}

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** So many bytes, in the largest unit of which there is one. */
export function formatBytes(count: number, locale?: string): string {
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  const options = {
    style: "unit",
    unit: units[power] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: 1,
  } as const;
  return new Intl.NumberFormat(locale, options).format(count / 1000 ** power);
}

export function formatCount(count: number, one: string, many: string, locale?: string): string {
  return `${new Intl.NumberFormat(locale).format(count)} ${count === 1 ? one : many}`;
}

/** The name of an ISO 3166 country in the person's language. */
export function formatCountry(code: string, locale?: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Today in the person's time zone, as `2026-11-21`. */
export function today(now: Date = new Date()): string {
  const month = String(now.getMonth() + 1).padStart(2, "0");
  const day = String(now.getDate()).padStart(2, "0");
  return `${now.getFullYear()}-${month}-${day}`;
}

/** The first letters of the first and the last word, for a picture's place. */
export function initials(name: string): string {
  const words = name.split(/\s+/u).filter((word) => word !== "");
  const first = words[0];
  const last = words.length > 1 ? words.at(-1) : undefined;
  return [first, last].map((word) => firstLetter(word ?? "")).join("");
}

function firstLetter(word: string): string {
  for (const { segment } of new Intl.Segmenter().segment(word)) return segment.toLocaleUpperCase();
  return "";
}

export const employmentTypes: Readonly<Record<EmploymentType, string>> = {
  FULL_TIME: "Full time",
  PART_TIME: "Part time",
  CONTRACT: "Contract",
  INTERN: "Intern",
};

export const employmentStatuses: Readonly<Record<EmploymentStatus, string>> = {
  ACTIVE: "Active",
  TERMINATED: "Left",
};

export const roles: Readonly<Record<Role, string>> = {
  OWNER: "Owner",
  ADMIN: "Administrator",
  HR: "Human resources",
  MANAGER: "Manager",
  EMPLOYEE: "Employee",
};
