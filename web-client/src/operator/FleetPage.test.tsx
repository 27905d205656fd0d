import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { admin, renderPage } from "../test/render.tsx";
import { FleetPage } from "./FleetPage.tsx";

const failed = {
  id: "t-1",
  slug: "acme",
  state: "failed",
  schemaVersion: "m1",
  tries: 3,
  finishedAt: "2026-11-21T20:00:00Z",
  code: "42P01",
  message: "relation does not exist",
};
const underWay = { ...failed, id: "t-2", slug: "globex", state: "under way", tries: null, code: null, message: null };

const fleet = {
  head: "m2",
  current: 5,
  behind: 1,
  failed: 1,
  underWay: 1,
  versions: [{ version: "m2", tenants: 5 }],
  problems: [failed, underWay],
};

test("what failed is told with its tries, and is tried again from here", async () => {
  const retry = vi.fn(() => ({
    tenant: { id: "t-1", state: "ACTIVE", schemaVersion: "m2", isBehind: false, lastMigrationFailure: null },
  }));
  renderPage(<FleetPage />, { operator: admin, answers: { fleet: () => fleet, retryTenantMigration: retry } });
  const row = await screen.findByRole("row", { name: /^acme/ });
  expect(row).toHaveTextContent("Failed");
  expect(row).toHaveTextContent("3 tries");
  expect(row).toHaveTextContent("42P01 relation does not exist");
  expect(screen.getByRole("row", { name: /^globex/ })).toHaveTextContent("Under way");
  // What is under way is not tried again.
  await userEvent.click(screen.getByRole("button", { name: /^Migrate again/ }));
  expect(await screen.findByText("acme is up to date.")).toBeInTheDocument();
  expect(retry).toHaveBeenCalledExactlyOnceWith({ id: "t-1" });
});

test("a viewer cannot try it again", async () => {
  renderPage(<FleetPage />, { operator: { ...admin, role: "VIEWER" }, answers: { fleet: () => fleet } });
  expect(await screen.findByRole("row", { name: /^acme/ })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /again/ })).not.toBeInTheDocument();
});
