import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ReadOnlyContext } from "../session/context.ts";
import { employeeDetails } from "../test/records.ts";
import { employee, list, noChoices, refuse, renderPage } from "../test/render.tsx";
import { HirePage } from "./HirePage.tsx";

const answers = {
  ...noChoices,
  departments: () => list([{ id: "d", name: "Engineering", employeeCount: 1, parent: null }]),
  positions: () => list([{ id: "p", title: "Analyst", employeeCount: 1 }]),
};

async function enter(label: RegExp, text: string) {
  await userEvent.click(screen.getByLabelText(label));
  await userEvent.paste(text);
}

async function fillIn() {
  await screen.findByText("Engineering");
  await enter(/Given name/, "Ada");
  await enter(/Family name/, "Lovelace");
  await enter(/Work e-mail/, "ada@acme.test");
  await userEvent.selectOptions(screen.getByLabelText(/Department/), "Engineering");
  await userEvent.selectOptions(screen.getByLabelText(/Position/), "Analyst");
}

test("what is missing stands beside the inputs, the first has the focus, and nothing is sent", async () => {
  const hire = vi.fn();
  renderPage(<HirePage />, { answers: { ...answers, hireEmployee: hire } });
  await userEvent.click(screen.getByRole("button", { name: "Hire" }));
  expect(screen.getByLabelText(/Given name/)).toHaveFocus();
  expect(screen.getByLabelText(/Given name/)).toHaveAccessibleDescription("Enter the given name.");
  expect(screen.getByLabelText(/Department/)).toHaveAccessibleDescription("Choose a department.");
  expect(hire).not.toHaveBeenCalled();
});

test("the server's refusal of a field stands beside its input", async () => {
  renderPage(<HirePage />, {
    answers: {
      ...answers,
      hireEmployee: refuse("CONFLICT", "Someone has this address already.", { field: "input.workEmail" }),
    },
  });
  await fillIn();
  await userEvent.click(screen.getByRole("button", { name: "Hire" }));
  const input = screen.getByLabelText(/Work e-mail/);
  await waitFor(() => expect(input).toHaveAccessibleDescription("Someone has this address already."));
  expect(input).toHaveFocus();
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

test("a refusal of no field stands at the head, with the number to give the administrator", async () => {
  renderPage(<HirePage />, {
    answers: {
      ...answers,
      hireEmployee: refuse("INTERNAL", "Something went wrong.", { requestId: "42" }),
    },
  });
  await fillIn();
  await userEvent.click(screen.getByRole("button", { name: "Hire" }));
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent(/Something went wrong\..*42/);
  await waitFor(() => expect(alert).toHaveFocus());
});

test("who has been hired is shown", async () => {
  const hired = employeeDetails({ id: "employee-9" });
  const hire = vi.fn(() => ({ employee: hired }));
  const router = renderPage(<HirePage />, { answers: { ...answers, hireEmployee: hire } });
  await fillIn();
  await userEvent.click(screen.getByRole("button", { name: "Hire" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/employees/employee-9"));
  expect(hire).toHaveBeenCalledWith({
    input: expect.objectContaining({ workEmail: "ada@acme.test", departmentId: "d", positionId: "p" }) as unknown,
  });
});

test("where nothing can be changed, nobody fills in a form for nothing", () => {
  renderPage(
    <ReadOnlyContext value={true}>
      <HirePage />
    </ReadOnlyContext>,
    { answers },
  );
  expect(screen.getByText("Nobody can be hired now")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Hire" })).not.toBeInTheDocument();
});

test("who may not hire is told so", () => {
  renderPage(<HirePage />, { answers, viewer: employee });
  expect(screen.getByText("You may not hire people")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Hire" })).not.toBeInTheDocument();
});
