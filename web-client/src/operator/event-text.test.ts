import { expect, test } from "vitest";
import { formatInstant, formatLastDay } from "../ui/format.ts";
import { eventChanges, operatorAction } from "./event-text.ts";

test("what was done is told in words, and what is not known yet by its own name", () => {
  expect(operatorAction("tenant.terms_set")).toBe("Dates set");
  expect(operatorAction("tenant.painted")).toBe("tenant.painted");
});

test("what was changed is told by what it was and has become", () => {
  const until = "2026-11-27T00:00:00.614571239Z";
  expect(eventChanges({ paidUntil: { from: null, to: until }, warningDays: { from: 14, to: null } })).toEqual([
    `Paid until: ${formatLastDay(until)}`,
    "Days of warning: 14 → –",
  ]);
  const at = "2026-12-21T20:30:59.614571239Z";
  expect(eventChanges({ deleteAt: { from: null, to: at } })).toEqual([`Deletion on: ${formatInstant(at)}`]);
  expect(eventChanges({ maintenance: { from: null, to: "" }, storageBytes: { from: 2e9, to: null } })).toEqual([
    "Message: none",
    "Storage: 2 GB → –",
  ]);
});

test("what was not changed from something is told alone, and ids are not", () => {
  expect(eventChanges({ name: "Acme", ownerInvited: true, plan: null })).toEqual(["Name: Acme", "Owner invited: yes"]);
  expect(eventChanges({ host: "acme.test", primary: false })).toEqual(["Host: acme.test"]);
  expect(eventChanges({ enabled: false })).toEqual(["Enabled: no"]);
  expect(eventChanges({ grant: "0191", hours: 2 })).toEqual(["Hours: 2"]);
  expect(eventChanges({ allowedOrigins: { from: [], to: ["https://a.test", "https://b.test"] } })).toEqual([
    "Allowed origins: none → https://a.test, https://b.test",
  ]);
  expect([{}, null, "text", []].map(eventChanges)).toEqual([[], [], [], []]);
});

test("codes of the server are told in words, and those that are not known yet as they are", () => {
  expect(eventChanges({ account: "01a2", role: { from: null, to: "hr" } })).toEqual([
    "Account: 01a2",
    "Role: Human resources",
  ]);
  expect(eventChanges({ email: "olga@operators.test", role: "viewer" })).toEqual([
    "Email: olga@operators.test",
    "Role: viewer",
  ]);
  expect(eventChanges({ askedBy: { from: null, to: "operator" } })).toEqual(["Asked by: an operator"]);
  expect(eventChanges({ features: { from: ["api-keys"], to: ["api-keys", "painting"] } })).toEqual([
    "Features: API keys → API keys, painting",
  ]);
  expect(eventChanges({ "custom-domains": { from: null, to: true } })).toEqual(["Custom domains: yes"]);
  expect(eventChanges({ introspection: { from: "on", to: "off" } })).toEqual([
    "Who may ask for the schema: Anyone → Nobody",
  ]);
});
