import { expect, test } from "vitest";
import { operatorApiAddress } from "../api/address.ts";
import { formatBytes } from "../ui/format.ts";
import { asker, formatQuota, migrationState, readAmount, removedThing, typedAmount } from "./text.ts";

test("bytes are told in the largest unit of which there is one", () => {
  expect([0, 999, 1000, 1_250_000, 1_150_000_000, 3e15].map((bytes) => formatBytes(bytes, "en"))).toEqual([
    "0 byte",
    "999 byte",
    "1 kB",
    "1.3 MB",
    "1.2 GB",
    "3,000 TB",
  ]);
});

test("the API of operators is beside that of the apex", () => {
  expect(operatorApiAddress({ protocol: "https:", hostname: "example.com", port: "" })).toBe("/operator/graphql");
  const developing = { protocol: "http:", hostname: "localhost", port: "5173" };
  expect(operatorApiAddress(developing)).toBe("http://localhost:8000/operator/graphql");
});

test("an amount is read as it is typed, and typed as it is read", () => {
  const bytes = (text: string) => readAmount("STORAGE_BYTES", text);
  expect(["50", " 2 GB ", "1.5mb", "500kB", "0"].map(bytes)).toEqual([50, 2e9, 1.5e6, 5e5, 0]);
  expect(["", "-1", "1.5", "many", "GB", "1e3", "99999999 TB"].map(bytes)).toEqual(Array(7).fill(null));
  for (const amount of [0, 1, 1500, 5e5, 2e9, 1.5e9, 1234567]) {
    expect(bytes(typedAmount("STORAGE_BYTES", amount))).toBe(amount);
  }
  expect([typedAmount("STORAGE_BYTES", 2e9), typedAmount("SEATS", 2000)]).toEqual(["2 GB", "2000"]);
  expect([formatQuota("STORAGE_BYTES", 2e9, "en"), formatQuota("SEATS", 2000, "en")]).toEqual(["2 GB", "2,000"]);
});

test("a fraction of a unit is what it says, and units are of storage alone", () => {
  const fractions = ["4.1 GB", "8.2 GB", "8.3 GB", "1.07 GB", "2.01 TB", "2.03 TB"];
  expect(fractions.map((text) => readAmount("STORAGE_BYTES", text))).toEqual([
    4_100_000_000, 8_200_000_000, 8_300_000_000, 1_070_000_000, 2_010_000_000_000, 2_030_000_000_000,
  ]);
  expect(["50", "2 GB", "1.5"].map((text) => readAmount("SEATS", text))).toEqual([50, null, null]);
  expect(readAmount("REQUESTS_PER_DAY", "1 KB")).toBeNull();
});

test("codes of the server are told in words, and those that are not known yet as they are", () => {
  expect(["owner", "operator", "court"].map(asker)).toEqual(["an owner", "an operator", "court"]);
  expect(["failed", "under way", "lost"].map(migrationState)).toEqual(["Failed", "Under way", "lost"]);
  expect(["schemas", "tenant_migrations", "quota_warnings"].map(removedThing)).toEqual([
    "Schemas",
    "Migrations noted",
    "Quota warnings",
  ]);
});
