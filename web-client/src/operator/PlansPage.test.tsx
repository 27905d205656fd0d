import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { admin, refuse, renderPage } from "../test/render.tsx";
import { PlansPage } from "./PlansPage.tsx";

const team = {
  id: "team",
  name: "Team",
  seats: 50,
  storageBytes: 2_000_000_000,
  requestsPerDay: null,
  features: ["API_KEYS"],
  forNewTenants: true,
  tenantCount: 3,
};

test("plans are shown with what they have, and a viewer has nothing to change them by", async () => {
  renderPage(<PlansPage />, { operator: { ...admin, role: "VIEWER" }, answers: { plans: () => [team] } });
  const row = await screen.findByRole("row", { name: /^Team/ });
  expect(row).toHaveTextContent("team · new organisations get it");
  expect(
    within(row)
      .getAllByRole("cell")
      .map((cell) => cell.textContent),
  ).toEqual(["50", "2 GB", "any number", "API keys", "3"]);
  expect(screen.queryByRole("button")).not.toBeInTheDocument();
});

test("a new plan is made as it is typed; what the server refuses stands at its input", async () => {
  const set = vi
    .fn()
    .mockImplementationOnce(refuse("CONFLICT", "There is a plan with this id.", { field: "id" }))
    .mockReturnValue({ plan: team });
  renderPage(<PlansPage />, { operator: admin, answers: { plans: () => [], setPlan: set } });
  expect(await screen.findByText("There are no plans yet")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "New plan" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.type(within(dialog).getByLabelText("Name"), "Team");
  await userEvent.type(within(dialog).getByLabelText("Id"), "Team");
  await userEvent.type(within(dialog).getByLabelText("Seats"), "many");
  await userEvent.type(within(dialog).getByLabelText("Storage"), "2 GB");
  await userEvent.click(within(dialog).getByLabelText("API keys"));
  await userEvent.click(within(dialog).getByLabelText("New organisations get it"));
  const create = within(dialog).getByRole("button", { name: "Create" });
  await userEvent.click(create);
  expect(within(dialog).getByText("Enter 1 to 50 small letters, digits and hyphens.")).toBeInTheDocument();
  expect(within(dialog).getByText("Enter a whole number, or nothing for any number.")).toBeInTheDocument();
  expect(set).not.toHaveBeenCalled();
  await userEvent.clear(within(dialog).getByLabelText("Id"));
  await userEvent.type(within(dialog).getByLabelText("Id"), "team");
  await userEvent.clear(within(dialog).getByLabelText("Seats"));
  await userEvent.type(within(dialog).getByLabelText("Seats"), "50");
  await userEvent.click(create);
  expect(await within(dialog).findByText("There is a plan with this id.")).toBeInTheDocument();
  await userEvent.click(create);
  expect(await screen.findByText("The plan has been made.")).toBeInTheDocument();
  const input = {
    id: "team",
    isNew: true,
    name: "Team",
    seats: 50,
    storageBytes: 2_000_000_000,
    requestsPerDay: null,
    features: ["API_KEYS"],
    forNewTenants: true,
  };
  expect(set).toHaveBeenLastCalledWith({ input });
});

test("a plan is changed from what it is, and is removed only after a confirmation", async () => {
  const set = vi.fn(() => ({ plan: team }));
  const remove = vi.fn(refuse("CONFLICT", "The plan team is that of 3 organisations: give them another one first."));
  renderPage(<PlansPage />, { operator: admin, answers: { plans: () => [team], setPlan: set, deletePlan: remove } });
  await userEvent.click(await screen.findByRole("button", { name: "Actions for Team" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Change" }));
  let dialog = await screen.findByRole("dialog");
  expect(within(dialog).getByLabelText("Storage")).toHaveValue("2 GB");
  expect(within(dialog).queryByLabelText("Id")).not.toBeInTheDocument();
  await userEvent.clear(within(dialog).getByLabelText("Seats"));
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(await screen.findByText("The plan has been changed for all who have it.")).toBeInTheDocument();
  expect(set).toHaveBeenCalledExactlyOnceWith({
    // What was not touched is not written back.
    input: { id: "team", isNew: false, seats: null },
  });

  await userEvent.click(screen.getByRole("button", { name: "Actions for Team" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Remove" }));
  dialog = await screen.findByRole("dialog", { name: "Remove Team" });
  expect(remove).not.toHaveBeenCalled();
  await userEvent.click(within(dialog).getByRole("button", { name: "Remove" }));
  expect(await within(dialog).findByText(/give them another one first/)).toBeInTheDocument();
});
