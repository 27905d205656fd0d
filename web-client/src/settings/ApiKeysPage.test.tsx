import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { owner, renderPage } from "../test/render.tsx";
import { ApiKeysPage } from "./ApiKeysPage.tsx";

const key = {
  id: "k-1",
  name: "Payroll",
  hint: "tnt_abcd…",
  permissions: ["READ_DIRECTORY"],
  createdBy: "Hana Sato",
  createdAt: "2026-01-01T00:00:00Z",
  expiresAt: null,
  lastUsedAt: null,
  endedAt: null,
};
const page = (nodes: unknown[]) => ({ nodes, pageInfo: { hasNextPage: false, endCursor: null } });

test("a key is made with what it may do, and shown once", async () => {
  const keys = vi
    .fn()
    .mockReturnValueOnce(page([]))
    .mockReturnValue(page([key]));
  const create = vi.fn(() => ({ apiKey: key, token: "tnt_secret" }));
  renderPage(<ApiKeysPage />, { viewer: owner, answers: { apiKeys: keys, createApiKey: create } });
  await userEvent.click(await screen.findByRole("button", { name: "New API key" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.type(within(dialog).getByRole("textbox", { name: "Name" }), "Payroll");
  await userEvent.click(within(dialog).getByRole("checkbox", { name: "Salaries" }));
  await userEvent.selectOptions(within(dialog).getByLabelText("Works for"), "Until I end it");
  await userEvent.click(within(dialog).getByRole("button", { name: "Create" }));
  expect(await within(dialog).findByText("tnt_secret")).toBeInTheDocument();
  expect(create).toHaveBeenCalledExactlyOnceWith({
    input: { name: "Payroll", permissions: ["READ_DIRECTORY", "READ_SALARIES"], expiresAt: null },
  });
  await userEvent.click(within(dialog).getByRole("button", { name: "Done" }));
  expect(await screen.findByRole("button", { name: "Actions for Payroll" })).toBeInTheDocument();
  expect(screen.queryByText("tnt_secret")).not.toBeInTheDocument();
});

test("a key that has ended stays in the list, without a way to end it again", async () => {
  const ended = { ...key, endedAt: "2026-02-01T00:00:00Z" };
  renderPage(<ApiKeysPage />, {
    viewer: owner,
    answers: { apiKeys: () => page([key]), endApiKey: () => ({ apiKey: ended }) },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Actions for Payroll" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "End" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "End" }));
  expect(await screen.findByText("Ended")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Actions for Payroll" })).not.toBeInTheDocument();
});
