import { expect, test } from "vitest";
import { grantableRoles, mayChange } from "../members/roles.ts";
import { provider } from "../test/identity-provider.ts";
import { expiryAfter, standing } from "./expiry.ts";
import { checks, emptyValues, mappableRoles, providerInput, valuesOf } from "./identity-provider.ts";
import { permissionLabel, programPermissions } from "./permissions.ts";

const now = new Date("2026-11-21T08:00:00Z");

test("a key lives as many days as chosen, or until it is ended", () => {
  expect(expiryAfter("30", now)).toBe("2026-12-21T08:00:00.000Z");
  expect(expiryAfter("", now)).toBeNull();
});

test.each([
  [{ endedAt: null, expiresAt: null }, "live"],
  [{ endedAt: null, expiresAt: "2026-11-21T08:00:01Z" }, "live"],
  [{ endedAt: null, expiresAt: "2026-11-21T08:00:00Z" }, "expired"],
  [{ endedAt: "2026-01-01T00:00:00Z", expiresAt: "2026-11-20T08:00:00Z" }, "ended"],
] as const)("%j is %s", (key, expected) => {
  expect(standing(key, now)).toBe(expected);
});

test("no key is offered what decides who gets in", () => {
  const offered = programPermissions.flatMap(({ permissions }) => permissions.map(([permission]) => permission));
  expect(offered).not.toContain("MANAGE_MEMBERS");
  expect(offered).not.toContain("MANAGE_API_KEYS");
  expect(offered).not.toContain("MANAGE_SIGN_IN");
  expect(offered).not.toContain("MANAGE_DOMAINS");
  expect(new Set(offered).size).toBe(offered.length);
  expect(permissionLabel("HIRE_EMPLOYEES")).toBe("Change people: Hire");
});

test("only an owner makes an owner, and a provider makes none", () => {
  expect(grantableRoles("OWNER").map(({ value }) => value)).toContain("OWNER");
  expect(grantableRoles("ADMIN").map(({ value }) => value)).not.toContain("OWNER");
  expect(mappableRoles.map(({ value }) => value)).not.toContain("OWNER");
});

test.each([
  ["OWNER", "ADMIN", "b", true],
  ["OWNER", "OWNER", "b", true],
  ["ADMIN", "OWNER", "b", false],
  ["ADMIN", "EMPLOYEE", "b", true],
  ["OWNER", "OWNER", "a", false],
] as const)("a %s may change a %s (%s): %s", (role, other, accountId, expected) => {
  expect(mayChange({ role, accountId: "a" }, { role: other, accountId })).toBe(expected);
});

test("a provider that is saved unchanged stays as it is, its secret too", () => {
  const input = providerInput(valuesOf(provider));
  expect(input).toEqual({
    name: "Example",
    issuer: "https://login.example.com",
    clientId: "tenantry",
    audience: null,
    roleClaim: "groups",
    roles: [{ value: "people", role: "HR" }],
    defaultRole: null,
  });
  expect(input).not.toHaveProperty("clientSecret");
  expect(providerInput({ ...valuesOf(provider), clientSecret: "new" }).clientSecret).toBe("new");
});

test("values without a claim to find them in are refused", () => {
  const roles = [{ key: "1", value: "people", role: "HR" as const }];
  expect(checks.roleClaim("", { ...emptyValues, roles })).not.toBeNull();
  expect(checks.roleClaim("", emptyValues)).toBeNull();
  expect(checks.roleClaim("groups", { ...emptyValues, roles })).toBeNull();
});
