import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { employee, list, refuse, renderPage } from "../test/render.tsx";
import { DepartmentsPage } from "./DepartmentsPage.tsx";

const engineering = { id: "e", name: "Engineering", employeeCount: 1, parent: null };
const platform = { id: "p", name: "Platform", employeeCount: 3, parent: engineering };

test("shows the tree with its counts, from every page of the list", async () => {
  const pages = vi.fn(({ after }: Record<string, unknown>) =>
    after === "cursor"
      ? list([platform])
      : list([engineering], {
          pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: "cursor", endCursor: "cursor" },
        }),
  );
  renderPage(<DepartmentsPage />, { answers: { departments: pages } });
  const toggle = await screen.findByRole("button", { name: "Departments under Engineering" });
  expect(screen.getByText("2 departments")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Platform" })).toHaveAttribute("href", "/?department=p");
  expect(screen.getByText("4 people · 1 directly")).toBeInTheDocument();
  expect(pages).toHaveBeenCalledTimes(2);

  await userEvent.click(toggle);
  expect(toggle).toHaveAttribute("aria-expanded", "false");
  expect(screen.queryByRole("link", { name: "Platform" })).not.toBeInTheDocument();
});

test("why the server does not delete stands in the dialog", async () => {
  renderPage(<DepartmentsPage />, {
    answers: {
      departments: () => list([engineering]),
      deleteDepartment: refuse("CONFLICT", "One employee works in this department."),
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Actions for Engineering" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Delete" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("One employee works in this department.");
  await userEvent.click(within(dialog).getByRole("button", { name: "Cancel" }));
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Actions for Engineering" })).toHaveFocus();
});

test("who may not change the departments is offered nothing", async () => {
  renderPage(<DepartmentsPage />, { answers: { departments: () => list([engineering]) }, viewer: employee });
  await screen.findByRole("link", { name: "Engineering" });
  expect(screen.queryAllByRole("button")).toHaveLength(0);
});
