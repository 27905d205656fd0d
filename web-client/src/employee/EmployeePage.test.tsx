import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";
import type { EmployeeDetailsFragment } from "../generated/graphql.ts";
import { employeeDetails } from "../test/records.ts";
import { type Answers, employee as anyone, hr, list, noChoices, refuse, renderPage } from "../test/render.tsx";
import { EmployeePage } from "./EmployeePage.tsx";

const page = (
  <Routes>
    <Route path="/employees/:id" element={<EmployeePage />} />
  </Routes>
);

function answersFor(employee: EmployeeDetailsFragment): Answers {
  return {
    ...noChoices,
    employee: () => ({ ...employee, directReports: list([]) }),
    auditEvents: () => list([]),
  };
}

const address = "/employees/employee-1";

test("human resources see the private part and may do everything", async () => {
  const employee = employeeDetails({
    manager: { id: "employee-2", name: "Grace Hopper" },
    personal: { birthDate: "1990-12-10", personalEmail: null, phone: "123", address: null, terminationReason: null },
    salary: { amount: "52000.00", currency: "EUR" },
  });
  renderPage(page, { answers: answersFor(employee), address });
  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent("Ada Lovelace");
  expect(screen.getByRole("region", { name: "Private" })).toHaveTextContent("52,000.00");
  expect(screen.getByRole("link", { name: "Grace Hopper" })).toHaveAttribute("href", "/employees/employee-2");
  expect(screen.getByRole("region", { name: "History" })).toBeInTheDocument();
  for (const name of ["Transfer", "Change manager", "Terminate"]) {
    expect(screen.getByRole("button", { name })).toBeInTheDocument();
  }
});

test("others see neither the private part nor a way to change anything", async () => {
  const employee = employeeDetails({
    permissions: { update: false, updateOwnContact: false, seePrivate: false, seeSalary: false },
  });
  renderPage(page, { answers: answersFor(employee), address, viewer: anyone });
  await screen.findByRole("region", { name: "Work" });
  expect(screen.queryByRole("region", { name: "Private" })).not.toBeInTheDocument();
  expect(screen.queryByRole("region", { name: "History" })).not.toBeInTheDocument();
  expect(screen.queryByRole("link", { name: "Edit" })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Terminate" })).not.toBeInTheDocument();
});

test("nobody is offered to terminate themselves", async () => {
  renderPage(page, {
    answers: answersFor(employeeDetails()),
    address,
    viewer: { ...hr, employee: { id: "employee-1" } },
  });
  await screen.findByRole("button", { name: "Transfer" });
  expect(screen.queryByRole("button", { name: "Terminate" })).not.toBeInTheDocument();
});

test("someone who left can be rehired and not terminated again", async () => {
  const employee = employeeDetails({ status: "TERMINATED", terminatedOn: "2026-01-31" });
  renderPage(page, { answers: answersFor(employee), address });
  expect(await screen.findByRole("button", { name: "Rehire" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Terminate" })).not.toBeInTheDocument();
});

test("terminating asks for a confirmation", async () => {
  renderPage(page, { answers: answersFor(employeeDetails()), address });
  await userEvent.click(await screen.findByRole("button", { name: "Terminate" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.click(screen.getAllByRole("button", { name: "Terminate" }).at(-1) ?? dialog);
  expect(await screen.findByText("Tick this to confirm.")).toBeInTheDocument();
  expect(screen.getByRole("checkbox")).toHaveFocus();
});

test("a person who is not there, or may not be seen, has a page that says so", async () => {
  const answers = { employee: refuse("NOT_FOUND", "There is no such employee.") };
  renderPage(page, { answers, address });
  expect(await screen.findByRole("heading", { name: "Person not found" })).toBeInTheDocument();
});
