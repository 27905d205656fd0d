import { describe, expect, test } from "vitest";
import { apiAddress, baseDomain, isApex, organisationAddress } from "./address.ts";

describe("apiAddress", () => {
  test.each([
    ["http:", "acme.localhost", "8000", "/graphql"],
    ["https:", "acme.example.com", "", "/graphql"],
    ["http:", "localhost", "8000", "/graphql"],
    ["http:", "acme.localhost", "18080", "/graphql"],
    ["http:", "acme.localhost", "5173", "http://acme.localhost:8000/graphql"],
    ["http:", "globex.localhost", "5173", "http://globex.localhost:8000/graphql"],
    ["http:", "localhost", "5173", "http://localhost:8000/graphql"],
    ["https:", "acme.example.com", "5173", "https://acme.example.com:8000/graphql"],
  ])("%s//%s:%s is served by %s", (protocol, hostname, port, expected) => {
    expect(apiAddress({ protocol, hostname, port })).toBe(expected);
  });
});

describe("baseDomain", () => {
  test.each([
    ["localhost", "localhost", true],
    ["acme.localhost", "localhost", false],
    ["example.com", "example.com", true],
    ["acme.example.com", "example.com", false],
    ["acme.eu.example.com", "eu.example.com", false],
  ])("of %s is %s", (hostname, expected, apex) => {
    expect(baseDomain(hostname)).toBe(expected);
    expect(isApex(hostname)).toBe(apex);
  });
});

describe("organisationAddress", () => {
  const local = { protocol: "http:", hostname: "localhost", port: "8000" };
  const open = { protocol: "https:", hostname: "example.com", port: "" };
  test.each([
    ["acme", local, "http://acme.localhost:8000/"],
    [" ACME ", local, "http://acme.localhost:8000/"],
    ["globex", { ...local, hostname: "acme.localhost" }, "http://globex.localhost:8000/"],
    ["acme", open, "https://acme.example.com/"],
    ["acme.example.com", open, "https://acme.example.com/"],
    ["https://acme.example.com/employees?q=1", open, "https://acme.example.com/"],
    ["", open, null],
    ["two words", open, null],
    ["-acme", open, null],
    ["acme..com", open, null],
    ["acme@evil.example", open, null],
    ["javascript:alert(1)", open, null],
  ])("%j", (entered, place, expected) => {
    expect(organisationAddress(entered, place)).toBe(expected);
  });
});
