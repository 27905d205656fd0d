import { expect, test } from "vitest";
import { apexAddress, beginEntry, readEntry, takeNonce } from "./entry.ts";

const acme = { protocol: "http:", hostname: "acme.localhost", port: "8000" };

test("a way in begins with a nonce that this tab keeps and gives once", () => {
  sessionStorage.clear();
  expect(takeNonce(sessionStorage)).toBe("");
  const apex = apexAddress("acme", acme) ?? "";
  const address = beginEntry("acme", apex, sessionStorage);
  const fragment = address.split("#")[1] ?? "";
  expect(address).toBe(`http://localhost:8000/enter#${fragment}`);
  const entry = readEntry(fragment);
  expect(entry?.slug).toBe("acme");
  expect(takeNonce(sessionStorage)).toBe(entry?.nonce);
  expect(takeNonce(sessionStorage)).toBe("");
  expect(beginEntry("acme", apex, sessionStorage)).not.toBe(address);
  expect(beginEntry("acme", apex, sessionStorage, "/operator/enter")).toMatch(
    /^http:\/\/localhost:8000\/operator\/enter#acme\./,
  );
});

test("on a domain of its own an organisation has no apex to go to", () => {
  const own = { protocol: "https:", hostname: "hr.acme.example", port: "" };
  expect(apexAddress("acme", own)).toBeNull();
  expect(apexAddress("hr", { ...own, hostname: "acme.example" })).toBeNull();
  expect(apexAddress(null, acme)).toBeNull();
});

test("anything else is no way in", () => {
  for (const fragment of [
    "",
    "acme",
    "acme.",
    ".abc",
    `acme.${"x".repeat(48)}`,
    `a/b.${"0".repeat(48)}`,
    `acme.${"0".repeat(49)}`,
  ]) {
    expect(readEntry(fragment)).toBeNull();
  }
});
