import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { admin, list, renderPage } from "../test/render.tsx";
import { readTenantsView, writeTenantsView } from "./tenants-view.ts";
import { TenantsPage } from "./TenantsPage.tsx";

const tenant = {
  id: "t-1",
  slug: "acme",
  name: "Acme",
  url: "http://acme.localhost",
  state: "SUSPENDED",
  schemaVersion: "m20261121_000003_operators",
  isBehind: false,
  createdAt: "2026-01-01T00:00:00Z",
  sizeBytes: 1_500_000,
  memberCount: 4,
  planId: null,
  lastActivityAt: null,
  lastMigrationFailure: null,
};

test("what is looked for is in the address, and comes from there", async () => {
  const tenants = vi.fn(() => list([tenant]));
  const router = renderPage(<TenantsPage />, {
    operator: admin,
    answers: { tenants },
    address: "/operator/tenants?q=ac&state=suspended&order=newest",
  });
  const row = await screen.findByRole("row", { name: /^Acme/ });
  expect(row).toHaveTextContent("Suspended");
  // Which version it is matters only where it is behind.
  expect(row).toHaveTextContent("Current");
  expect(row).not.toHaveTextContent("m20261121");
  expect(tenants).toHaveBeenCalledWith(
    expect.objectContaining({ search: "ac", state: "SUSPENDED", orderBy: "NEWEST" }),
  );
  expect(screen.getByLabelText("Search")).toHaveValue("ac");
  await userEvent.selectOptions(screen.getByLabelText("State"), "All");
  expect(router.state.location.search).toBe("?q=ac&order=newest");
  await userEvent.type(screen.getByLabelText("Search"), "me");
  await vi.waitFor(() => expect(router.state.location.search).toBe("?q=acme&order=newest"));
});

test("what an address does not know counts as not given", () => {
  const usual = { search: "", state: "", order: "SLUG" } as const;
  expect(readTenantsView(new URLSearchParams("state=painted&order=toString"))).toEqual(usual);
  expect(writeTenantsView(usual).toString()).toBe("");
});
