import { expect, test } from "vitest";
import { proposeSlug } from "./sign-up.ts";

test.each([
  ["Acme", "acme"],
  ["Acme & Söhne GmbH", "acme-sohne-gmbh"],
  ["  Café Ørsted’s  ", "cafe-orsteds"],
  ["Straße 7", "strasse-7"],
  ["ﬁve", "five"],
  ["日本", ""],
  ["--a--", "a"],
  ["", ""],
])("the address for %j is %j", (organisation, slug) => {
  expect(proposeSlug(organisation)).toBe(slug);
});

test("a long name is cut, and not at a hyphen", () => {
  expect(proposeSlug("x".repeat(100))).toBe("x".repeat(63));
  expect(proposeSlug(`${"x".repeat(62)} y`)).toBe("x".repeat(62));
});
