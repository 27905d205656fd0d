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

describe("the apex", () => {
  test.each([
    ["localhost", "8000", 200, true, "localhost"],
    ["nowhere.localhost", "8000", 404, false, "localhost"],
    ["example.co.uk", "", 200, true, "example.co.uk"],
    ["nowhere.example.co.uk", "", 404, false, "example.co.uk"],
    // A browser that does not tell the page's status.
    ["localhost", "8000", 0, true, "localhost"],
    ["nowhere.localhost", "8000", 0, false, "localhost"],
    ["example.com", "", 0, true, "example.com"],
    ["nowhere.example.com", "", 0, false, "example.com"],
    // Vite has a page on every host.
    ["nowhere.localhost", "5173", 200, false, "localhost"],
    ["localhost", "5173", 200, true, "localhost"],
  ])("%s:%s with the status %i: %s, ends in %s", (hostname, port, status, apex, base) => {
    const place = { protocol: "http:", hostname, port };
    expect(isApex(place, status)).toBe(apex);
    expect(baseDomain(place, apex)).toBe(base);
  });
});

describe("organisationAddress", () => {
  const local = { protocol: "http:", hostname: "localhost", port: "8000" };
  const open = { protocol: "https:", hostname: "example.com", port: "" };
  test.each([
    ["acme", local, true, "http://acme.localhost:8000/"],
    [" ACME ", local, true, "http://acme.localhost:8000/"],
    ["globex", { ...local, hostname: "nowhere.localhost" }, false, "http://globex.localhost:8000/"],
    ["acme", open, true, "https://acme.example.com/"],
    ["acme.example.com", open, true, "https://acme.example.com/"],
    ["https://acme.example.com/employees?q=1", open, true, "https://acme.example.com/"],
    ["", open, true, null],
    ["two words", open, true, null],
    ["-acme", open, true, null],
    ["acme..com", open, true, null],
    ["acme@evil.example", open, true, null],
    ["javascript:alert(1)", open, true, null],
  ])("%j", (entered, place, apex, expected) => {
    expect(organisationAddress(entered, place, apex)).toBe(expected);
  });
});
