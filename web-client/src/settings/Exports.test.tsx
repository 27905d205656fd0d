import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { doneExport, waitingExport } from "../test/exports.ts";
import { employee, owner, refuse, renderPage } from "../test/render.tsx";
import { OrganisationPage } from "./OrganisationPage.tsx";

const tenant = () => ({
  id: "t-1",
  slug: "acme",
  name: "Acme",
  standing: {
    state: "ACTIVE",
    isTrial: false,
    dueAt: null,
    readOnlyFrom: null,
    suspendedFrom: null,
    trialEndsAt: null,
    paidUntil: null,
    billingContact: null,
    deletionGraceDays: 30,
  },
  plan: { name: null, features: [], quotas: [] },
});
const wish = waitingExport();
const done = doneExport();
const { location } = window;
const assign = vi.fn();

beforeEach(() => {
  vi.stubGlobal("location", {
    protocol: "http:",
    hostname: "acme.localhost",
    port: "",
    host: "acme.localhost",
    assign,
  });
});
afterEach(() => {
  vi.stubGlobal("location", location);
  assign.mockClear();
});

test("an export is asked for, waited for, and downloaded", async () => {
  let nodes: object[] = [];
  const ask = vi.fn(() => {
    nodes = [wish];
    return { export: wish };
  });
  const download = vi.fn(() => ({ url: "http://acme.localhost/exports/e-1" }));
  const answers = {
    tenant,
    exports: () => ({ daysKept: 7, nodes }),
    requestExport: ask,
    downloadExport: download,
  };
  renderPage(<OrganisationPage />, { viewer: owner, answers });
  const part = await screen.findByRole("region", { name: "Export" });
  expect(await within(part).findByText(/owners can download it for 7 days/)).toBeInTheDocument();
  await userEvent.selectOptions(within(part).getByLabelText("Format"), "NDJSON");
  await userEvent.click(within(part).getByRole("button", { name: "Export the data" }));
  expect(ask).toHaveBeenCalledExactlyOnceWith({ input: { format: "NDJSON" } });
  expect(await within(part).findByText(/^The export is being made/)).toBeInTheDocument();
  expect(within(part).getByRole("button", { name: "Export the data" })).toHaveAttribute("aria-disabled", "true");
  expect(within(part).queryByRole("button", { name: /^Download/ })).not.toBeInTheDocument();

  nodes = [done];
  const button = await within(part).findByRole("button", { name: /^Download the export of/ }, { timeout: 5_000 });
  expect(within(part).getByText(/^CSV · 1.5 MB · until/)).toBeInTheDocument();
  await userEvent.click(button);
  await vi.waitFor(() => expect(assign).toHaveBeenCalledExactlyOnceWith("http://acme.localhost/exports/e-1"));
  expect(download).toHaveBeenCalledExactlyOnceWith({ id: "e-1" });
});

test("what went wrong is said", async () => {
  const failed = waitingExport({ id: "e-2", state: "FAILED", problem: "The file could not be written." });
  const again = waitingExport({ id: "e-3", problem: "The server failed." });
  const answers = {
    tenant,
    exports: () => ({ daysKept: 1, nodes: [done, failed, again] }),
    downloadExport: refuse("CONFLICT", "There is no file of this export."),
  };
  const router = renderPage(<OrganisationPage />, { viewer: owner, answers, address: "/?problem=download" });
  expect(await screen.findByText(/^The download did not begin/)).toBeInTheDocument();
  // It is said once: a reload of the page does not say it again.
  await vi.waitFor(() => expect(router.state.location.search).toBe(""));
  expect(await screen.findByText("CSV · The file could not be written.")).toBeInTheDocument();
  expect(screen.getByText("CSV · The server failed. It is tried again.")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: /^Download/ }));
  expect(await screen.findByText("There is no file of this export.")).toBeInTheDocument();
  expect(screen.queryByText(/^The download did not begin/)).not.toBeInTheDocument();
  expect(assign).not.toHaveBeenCalled();
});

test("who deletes is offered an export first", async () => {
  const ask = vi.fn(() => ({ export: wish }));
  const answers = {
    tenant,
    security: () => ({ authenticatorConfirmedAt: null }),
    exports: () => ({ daysKept: 7, nodes: [done, doneExport({ id: "e-0", askedAt: "2026-11-20T09:00:00Z" })] }),
    requestExport: ask,
  };
  renderPage(<OrganisationPage />, { viewer: owner, answers });
  await userEvent.click(await screen.findByRole("button", { name: "Delete the organisation…" }));
  const first = await within(await screen.findByRole("dialog")).findByRole("region", {
    name: "Export your data first",
  });
  expect(await within(first).findAllByRole("button", { name: /^Download/ })).toHaveLength(1);
  await userEvent.click(within(first).getByRole("button", { name: "Export the data" }));
  await vi.waitFor(() => expect(ask).toHaveBeenCalledExactlyOnceWith({ input: { format: "CSV" } }));
});

test("only owners are asked", () => {
  renderPage(<OrganisationPage />, { viewer: employee, answers: {} });
  expect(screen.queryByRole("region", { name: "Export" })).not.toBeInTheDocument();
});
