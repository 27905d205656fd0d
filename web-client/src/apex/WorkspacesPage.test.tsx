import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { doneExport, waitingExport } from "../test/exports.ts";
import { refuse, renderPage } from "../test/render.tsx";
import { WorkspacesPage } from "./WorkspacesPage.tsx";

const workspace = (rest: object = {}) => ({
  id: "w-1",
  name: "Acme",
  slug: "acme",
  role: "OWNER",
  url: "http://acme.localhost",
  available: true,
  state: "ACTIVE",
  deleteAt: null,
  canBeKept: false,
  canBeDeleted: false,
  canBeExported: false,
  billingContact: null as string | null,
  deletionGraceDays: 30,
  ...rest,
});
const pastDue = workspace({ available: false, state: "PAST_DUE", canBeDeleted: true, canBeExported: true });
const deleting = workspace({
  available: false,
  state: "DELETING",
  deleteAt: "2027-01-01T00:00:00Z",
  canBeKept: true,
  canBeExported: true,
});
const wish = waitingExport({ format: "NDJSON" });
const done = doneExport({ format: "NDJSON" });
const { location } = window;
const assign = vi.fn();

beforeEach(() => {
  vi.stubGlobal("location", { protocol: "http:", hostname: "localhost", port: "", host: "localhost", assign });
});
afterEach(() => {
  vi.stubGlobal("location", location);
  assign.mockClear();
});

test("each organisation has the ways that lead on from where it stands", async () => {
  const workspaces = [
    workspace(),
    workspace({ id: "w-2", name: "Globex", available: false, state: "SUSPENDED" }),
    { ...pastDue, id: "w-3", name: "Initech", billingContact: "billing@example.test" },
    { ...deleting, id: "w-4", name: "Umbrella" },
    { ...deleting, id: "w-5", name: "Wayne", deleteAt: "2999-01-01T00:00:00Z", canBeKept: false },
  ];
  renderPage(<WorkspacesPage />, { apex: true, answers: { workspaces: () => workspaces } });
  const items = await screen.findAllByRole("listitem");
  expect(
    items.map((item) =>
      within(item)
        .queryAllByRole("button")
        .map((button) => button.getAttribute("aria-label")),
    ),
  ).toEqual([[], [], ["Export Initech…", "Delete Initech…"], ["Keep Umbrella", "Export Umbrella…"], ["Export Wayne…"]]);
  expect(screen.getByRole("link", { name: "Open Acme" })).toHaveAttribute("href", "http://acme.localhost/enter");
  expect(items[1]).toHaveTextContent("Suspended");
  expect(items[2]).toHaveTextContent("Not paid for");
  expect(screen.getByRole("link", { name: "billing@example.test" })).toBeInTheDocument();
  expect(items[3]).toHaveTextContent(/It is going to be deleted on/);
  expect(items[3]).not.toHaveTextContent("An operator");
  expect(items[4]).toHaveTextContent("An operator of this service asked for it.");
});

test("an export is asked for, waited for, and downloaded", async () => {
  let nodes: object[] = [];
  const list = vi.fn(() => ({ daysKept: 7, nodes }));
  const ask = vi.fn(() => {
    nodes = [wish];
    return { export: wish };
  });
  const download = vi.fn(() => ({ url: "http://localhost/exports/e-1" }));
  const answers = {
    workspaces: () => [pastDue],
    workspaceExports: list,
    requestWorkspaceExport: ask,
    downloadWorkspaceExport: download,
  };
  renderPage(<WorkspacesPage />, { apex: true, answers });
  await userEvent.click(await screen.findByRole("button", { name: "Export Acme…" }));
  const dialog = await screen.findByRole("dialog");
  expect(await within(dialog).findByText(/owners can download it for 7 days/)).toBeInTheDocument();
  await vi.waitFor(() => expect(within(dialog).getByLabelText("Format")).toHaveFocus());
  expect(list).toHaveBeenLastCalledWith({ id: "w-1" });
  await userEvent.selectOptions(within(dialog).getByLabelText("Format"), "NDJSON");
  await userEvent.click(within(dialog).getByRole("button", { name: "Export the data" }));
  expect(await within(dialog).findByText(/^The export is being made/)).toBeInTheDocument();
  expect(ask).toHaveBeenCalledExactlyOnceWith({ input: { id: "w-1", format: "NDJSON" } });
  expect(within(dialog).getByRole("button", { name: "Export the data" })).toHaveAttribute("aria-disabled", "true");

  nodes = [done];
  const button = await within(dialog).findByRole("button", { name: /^Download the export of/ });
  expect(within(dialog).getByText(/^JSON lines · 1.5 MB · until/)).toBeInTheDocument();
  await userEvent.click(button);
  await vi.waitFor(() => expect(assign).toHaveBeenCalledExactlyOnceWith("http://localhost/exports/e-1"));
  expect(download).toHaveBeenCalledExactlyOnceWith({ id: "w-1", exportId: "e-1" });
});

test("what went wrong with exports is said, and tried again", async () => {
  const list = vi
    .fn()
    .mockImplementationOnce(refuse("CONFLICT", "This is not possible here now."))
    .mockReturnValue({ daysKept: 1, nodes: [done] });
  const answers = {
    workspaces: () => [pastDue],
    workspaceExports: list,
    downloadWorkspaceExport: refuse("CONFLICT", "There is no file of this export."),
  };
  renderPage(<WorkspacesPage />, { apex: true, answers, address: "/?problem=download" });
  expect(await screen.findByText(/^The download did not begin/)).toBeInTheDocument();
  await userEvent.click(await screen.findByRole("button", { name: "Export Acme…" }));
  const dialog = await screen.findByRole("dialog");
  expect(await within(dialog).findByText("This is not possible here now.")).toBeInTheDocument();
  await userEvent.click(within(dialog).getByRole("button", { name: "Try again" }));
  await userEvent.click(await within(dialog).findByRole("button", { name: /^Download the export of/ }));
  expect(await screen.findByText("There is no file of this export.")).toBeInTheDocument();
  expect(assign).not.toHaveBeenCalled();
});

test("who deletes is offered the latest export, types address, password and code, and can take it back", async () => {
  const remove = vi
    .fn()
    .mockImplementationOnce(refuse("BAD_USER_INPUT", "The password is wrong.", { field: "password" }))
    .mockReturnValue({ workspace: deleting });
  const answers = {
    workspaces: () => [pastDue],
    security: () => ({ authenticatorConfirmedAt: "2026-01-01T00:00:00Z" }),
    workspaceExports: () => ({
      daysKept: 7,
      nodes: [done, doneExport({ id: "e-0", askedAt: "2026-11-20T09:00:00Z" })],
    }),
    requestWorkspaceDeletion: remove,
    keepWorkspace: () => ({ workspace: pastDue }),
  };
  renderPage(<WorkspacesPage />, { apex: true, answers });
  await userEvent.click(await screen.findByRole("button", { name: "Delete Acme…" }));
  const dialog = await screen.findByRole("dialog");
  const first = await within(dialog).findByRole("region", { name: "Export your data first" });
  expect(await within(first).findAllByRole("button", { name: /^Download/ })).toHaveLength(1);
  expect(dialog).toHaveTextContent("For 30 days every owner can take that back.");

  await userEvent.type(within(dialog).getByLabelText("Type acme"), "other");
  await userEvent.type(within(dialog).getByLabelText("Your password"), "secret");
  await userEvent.type(within(dialog).getByLabelText(/^Code of/), "123 456");
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete the organisation" }));
  expect(await within(dialog).findByText("Type acme to go on.")).toBeInTheDocument();
  expect(remove).not.toHaveBeenCalled();
  await userEvent.clear(within(dialog).getByLabelText("Type acme"));
  await userEvent.type(within(dialog).getByLabelText("Type acme"), "acme");
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete the organisation" }));
  expect(await within(dialog).findByText("The password is wrong.")).toBeInTheDocument();
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete the organisation" }));
  expect(await screen.findByText(/^Acme is going to be deleted. You can keep it until/)).toBeInTheDocument();
  const input = { id: "w-1", slug: "acme", password: "secret", code: "123456" };
  expect(remove).toHaveBeenLastCalledWith({ input });
  expect(remove).toHaveBeenCalledTimes(2);

  await userEvent.click(await screen.findByRole("button", { name: "Keep Acme" }));
  expect(await screen.findByText("Acme is kept.")).toBeInTheDocument();
  expect(await screen.findByRole("button", { name: "Delete Acme…" })).toBeInTheDocument();
  expect(screen.queryByText(/^It is going to be deleted/)).not.toBeInTheDocument();
});
