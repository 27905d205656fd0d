import type { DirectoryRowFragment, EmployeeDetailsFragment } from "../generated/graphql.ts";

/** A row of the directory for a test, with what the test says about it. */
export function directoryRow(values: Partial<DirectoryRowFragment> = {}): DirectoryRowFragment {
  return {
    id: "employee-1",
    employeeNumber: 1,
    name: "Ada Lovelace",
    givenName: "Augusta",
    familyName: "Lovelace",
    workEmail: "ada@acme.test",
    employmentType: "FULL_TIME",
    status: "ACTIVE",
    hiredOn: "2020-02-29",
    terminatedOn: null,
    department: { id: "department-1", name: "Engineering" },
    position: { id: "position-1", title: "Analyst" },
    location: { id: "location-1", name: "London" },
    ...values,
  };
}

/** An employee for a test, with what the test says about them. */
export function employeeDetails(values: Partial<EmployeeDetailsFragment> = {}): EmployeeDetailsFragment {
  return {
    ...directoryRow(),
    preferredName: null,
    version: 3,
    manager: null,
    personal: null,
    salary: null,
    permissions: { update: true, updateOwnContact: false, seePrivate: true, seeSalary: true },
    ...values,
  };
}
