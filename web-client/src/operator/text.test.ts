import { expect, test } from "vitest";
import { operatorApiAddress } from "../api/address.ts";
import { formatBytes } from "./text.ts";

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
