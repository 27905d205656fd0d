import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { admin, list, renderPage } from "../test/render.tsx";
import { EventsPage } from "./EventsPage.tsx";

const event = {
  id: "e-1",
  occurredAt: "2026-11-21T20:00:00Z",
  operatorName: "Olga Operator",
  action: "tenant.renamed",
  tenantId: "t-1",
  tenantSlug: "acme",
  details: { name: { from: "Acme", to: "Acme Limited" } },
  address: null,
};

test("an event says in words what was changed, and leads to the organisation", async () => {
  const signedIn = { ...event, id: "e-2", action: "operator.signed_in", tenantId: null, tenantSlug: null, details: {} };
  renderPage(<EventsPage />, { operator: admin, answers: { operatorEvents: () => list([signedIn, event]) } });
  const row = await screen.findByRole("row", { name: /^Renamed/ });
  expect(within(row).getAllByText("Name: Acme → Acme Limited")).not.toHaveLength(0);
  expect(within(row).getByRole("link", { name: "acme" })).toHaveAttribute("href", "/operator/tenants/acme");
  expect(screen.getByRole("row", { name: /^Signed in/ })).toBeInTheDocument();
});
