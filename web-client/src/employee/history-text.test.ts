import { expect, test } from "vitest";
import { actionText, changedFields } from "./history-text.ts";

test("actions are said in words, unknown ones by their name", () => {
  expect(actionText("employee.hired")).toBe("Hired");
  expect(actionText("employee.badge_printed")).toBe("Badge printed");
});

test("changed fields are named without their values", () => {
  expect(changedFields({ departmentId: { from: "a", to: "b" }, salary_amount: {}, version: {} })).toEqual([
    "department",
    "salary amount",
  ]);
  expect(changedFields(null)).toEqual([]);
  expect(changedFields("text")).toEqual([]);
});
