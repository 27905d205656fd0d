import { expect, test } from "vitest";
import type { DepartmentFieldsFragment } from "../generated/graphql.ts";
import { departmentChoices } from "./choices.ts";
import { departmentTree, flatten, within } from "./tree.ts";

function department(id: string, parent: string | null, employeeCount: number): DepartmentFieldsFragment {
  return { id, name: id, employeeCount, parent: parent === null ? null : { id: parent } };
}

const departments = [
  department("Sales", null, 4),
  department("Platform", "Engineering", 3),
  department("Engineering", null, 1),
  department("Database", "Platform", 2),
  department("Design", "Engineering", 5),
  department("Orphan", "unknown", 1),
];

test("each level is in order of name and counts what is under it", () => {
  const tree = departmentTree(departments);
  expect(flatten(tree).map(({ department, depth }) => `${depth} ${department.name}`)).toEqual([
    "0 Engineering",
    "1 Design",
    "1 Platform",
    "2 Database",
    "0 Orphan",
    "0 Sales",
  ]);
  expect(tree.map(({ total }) => total)).toEqual([11, 1, 4]);
});

test("a department cannot be moved into itself or what is under it", () => {
  expect([...within(departmentTree(departments), "Platform")]).toEqual(["Platform", "Database"]);
  expect(within(departmentTree(departments), "unknown").size).toBe(0);
});

test("a select shows the depth by indentation", () => {
  const labels = departmentChoices(departments).map(({ label }) => label);
  expect(labels[0]).toBe("Engineering");
  expect(labels[3]).toBe("\u00a0".repeat(4) + "Database");
});
