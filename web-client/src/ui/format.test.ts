import { expect, test } from "vitest";
import {
  endOfDay,
  formatCount,
  formatCountry,
  formatDate,
  formatDay,
  formatInstant,
  formatLastDay,
  formatMoney,
  initials,
  lastDay,
  today,
} from "./format.ts";

test("a date is the same day in every time zone", () => {
  expect(formatDate("2026-01-01", "en-GB")).toBe("1 Jan 2026");
  expect(formatDate("2026-01-01", "de-DE")).toBe("01.01.2026");
  expect(formatDate("not a date", "en-GB")).toBe("not a date");
});

test("an instant is shown in a time zone", () => {
  expect(formatInstant("2026-11-21T23:30:00Z", "en-GB", "Europe/Berlin")).toBe("22 Nov 2026, 00:30");
});

test("a day until whose end something holds is that day in every time zone", () => {
  expect(formatLastDay("2027-01-01T00:00:00Z", "en-GB")).toBe("31 Dec 2026");
  expect(formatLastDay("2026-12-31T23:59:59Z", "en-GB")).toBe("31 Dec 2026");
  expect(formatLastDay("2026-12-31T12:00:00.123456789Z", "en-GB")).toBe("31 Dec 2026");
  expect(formatLastDay("not an instant", "en-GB")).toBe("not an instant");
  expect(formatDay("2027-01-01T00:00:00+00:00", "en-GB")).toBe("1 Jan 2027");
  expect(endOfDay("2026-12-31")).toBe("2027-01-01T00:00:00.000Z");
  for (const day of ["2026-12-31", "2028-02-29", "2026-03-29"]) expect(lastDay(endOfDay(day))).toBe(day);
});

test("money keeps every digit", () => {
  expect(formatMoney({ amount: "52000.00", currency: "EUR" }, "en-GB")).toBe("€52,000.00");
  expect(formatMoney({ amount: "5200000", currency: "JPY" }, "en-GB")).toBe("JP¥5,200,000");
  expect(formatMoney({ amount: "999999999999.99", currency: "USD" }, "en-US")).toBe("$999,999,999,999.99");
  expect(formatMoney({ amount: "1.00", currency: "?" }, "en-US")).toBe("1.00 ?");
});

test("counts, countries and today", () => {
  expect(formatCount(1, "person", "people", "en")).toBe("1 person");
  expect(formatCount(1234, "person", "people", "en")).toBe("1,234 people");
  expect(formatCountry("DE", "en")).toBe("Germany");
  expect(formatCountry("", "en")).toBe("");
  expect(today(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05");
});

test.each([
  ["Ada Lovelace", "AL"],
  ["Ana Sofía García Márquez", "AM"],
  ["محمد عبد الله", "مال".slice(0, 2)],
  ["Cher", "C"],
  ["👩‍👩‍👧 Family", "👩‍👩‍👧F"],
  ["", ""],
])("the initials of %s are %s", (name, expected) => {
  if (name.startsWith("محمد")) expect(initials(name)).toBe("ما");
  else expect(initials(name)).toBe(expected);
});
