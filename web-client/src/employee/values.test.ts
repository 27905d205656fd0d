import { describe, expect, test } from "vitest";
import { employeeDetails } from "../test/records.ts";
import { changesOf, hireInput, nobody, personChecks, personValues } from "./values.ts";

const employee = employeeDetails({
  preferredName: "Ada",
  personal: { birthDate: "1990-12-10", personalEmail: null, phone: "123", address: null, terminationReason: null },
  salary: { amount: "52000.00", currency: "EUR" },
});
const before = personValues(employee);

describe("what an edit sends", () => {
  test("is nothing when nothing has been changed", () => {
    expect(changesOf(employee, before, { ...before, givenName: ` ${before.givenName} ` })).toBeNull();
  });

  test("is the changed fields with the version they were changed in", () => {
    expect(changesOf(employee, before, { ...before, familyName: "King", phone: "" })).toEqual({
      id: employee.id,
      expectedVersion: employee.version,
      familyName: "King",
      phone: null,
    });
  });

  test("is the whole salary or none", () => {
    expect(changesOf(employee, before, { ...before, currency: "USD" })).toMatchObject({
      salary: { amount: "52000.00", currency: "USD" },
    });
    expect(changesOf(employee, before, { ...before, salary: "", currency: "" })).toMatchObject({ salary: null });
  });

  test("never clears what the person may not see", () => {
    const hidden = employeeDetails({ personal: null, salary: null });
    const values = personValues(hidden);
    expect(changesOf(hidden, values, { ...values, givenName: "Ada" })).toEqual({
      id: hidden.id,
      expectedVersion: hidden.version,
      givenName: "Ada",
    });
  });
});

test("hiring leaves out what was left empty", () => {
  const place = { departmentId: "d", positionId: "p", locationId: "", managerId: "", hiredOn: "2026-11-21" };
  const values = { ...nobody, ...place, givenName: " Ada ", familyName: "Lovelace", workEmail: "ada@acme.test" };
  expect(hireInput(values)).toEqual({
    givenName: "Ada",
    familyName: "Lovelace",
    preferredName: null,
    workEmail: "ada@acme.test",
    employmentType: "FULL_TIME",
    departmentId: "d",
    positionId: "p",
    locationId: null,
    managerId: null,
    hiredOn: "2026-11-21",
    personal: null,
    salary: null,
  });
  expect(hireInput({ ...values, birthDate: "1990-12-10" }).personal).toEqual({
    birthDate: "1990-12-10",
    personalEmail: null,
    phone: null,
    address: null,
  });
});

describe("the form checks", () => {
  test.each([
    ["", "", true, true],
    ["52000", "EUR", true, true],
    ["52000.50", "EUR", true, true],
    ["52,000", "EUR", false, true],
    ["52000", "", true, false],
    ["", "EUR", false, true],
    ["-1", "EUR", false, true],
  ])("a salary of %j %j", (salary, currency, amountIsRight, currencyIsRight) => {
    const values = { ...nobody, salary, currency };
    expect(personChecks.salary(salary, values) === null).toBe(amountIsRight);
    expect(personChecks.currency(currency, values) === null).toBe(currencyIsRight);
  });

  test("a name of spaces and a wrong address", () => {
    expect(personChecks.givenName("  ")).toBe("Enter the given name.");
    expect(personChecks.workEmail("ada")).not.toBeNull();
    expect(personChecks.workEmail("ada@acme.test")).toBeNull();
    expect(personChecks.personalEmail("")).toBeNull();
  });
});
