import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { admin, renderPage } from "../test/render.tsx";
import { TenantPage } from "./TenantPage.tsx";

const tenant = {
  id: "t-1",
  slug: "acme",
  name: "Acme",
  url: "http://acme.localhost",
  state: "ACTIVE",
  schemaVersion: "m1",
  isBehind: false,
  createdAt: "2026-01-01T00:00:00Z",
  sizeBytes: 1_500_000,
  memberCount: 4,
  planId: "team",
  lastActivityAt: null,
  lastMigrationFailure: null,
  trialEndsAt: null,
  paidUntil: "2026-12-31T23:59:59Z",
  deleteAt: null,
  hosts: [],
};

const details = {
  schemaName: "tenant_1",
  maintenanceMessage: null,
  tenant,
  deletion: null,
  formerSlugs: [],
  terms: {
    warningDays: 14,
    readOnlyAfterDays: 7,
    suspendAfterDays: 30,
    own: { warningDays: 20, readOnlyAfterDays: null, suspendAfterDays: null },
    warnedFrom: null,
    readOnlyFrom: null,
    suspendedFrom: null,
  },
  limits: [
    { name: "DEPTH", value: 10, isOwn: true },
    { name: "REQUESTS_PER_SECOND", value: null, isOwn: false },
  ],
  introspection: "MEMBERS",
  introspectionIsOwn: false,
  plan: {
    planId: "team",
    name: "Team",
    quotas: [
      { quota: "SEATS", limit: 5, isOwn: true, used: 4 },
      { quota: "STORAGE_BYTES", limit: 2_000_000_000, isOwn: false, used: null },
      { quota: "REQUESTS_PER_DAY", limit: null, isOwn: false, used: 1234 },
    ],
    features: [
      { feature: "CUSTOM_DOMAINS", isOn: false, isOwn: false },
      { feature: "IDENTITY_PROVIDER", isOn: true, isOwn: false },
      { feature: "API_KEYS", isOn: true, isOwn: true },
    ],
  },
  usage: () => [
    {
      day: "2026-11-21",
      requests: 90,
      anonymousRequests: 10,
      errors: 2,
      operations: 99,
      milliseconds: 1000,
      storageBytes: 1_500_000,
      members: 4,
    },
  ],
  slowOperations: [
    {
      documentHash: "0123456789abcdef",
      operation: "Directory",
      kind: "query",
      rootFields: ["employees"],
      count: 3,
      worstMilliseconds: 2500,
      meanMilliseconds: 1200,
      statements: 4,
      lastSeenAt: "2026-11-21T10:00:00Z",
    },
  ],
};

const answers = { tenant: () => details, supportGrants: () => [] };
const at = { path: "/operator/tenants/:slug", address: "/operator/tenants/acme" };

async function cells(region: string, row: RegExp) {
  const part = await screen.findByRole("region", { name: region });
  return within(within(part).getByRole("row", { name: row }))
    .getAllByRole("cell")
    .map((cell) => cell.textContent);
}

test("plan, limits, usage and slow operations are shown; a viewer has nothing to change them by", async () => {
  renderPage(<TenantPage />, { operator: { ...admin, role: "VIEWER" }, answers, ...at });
  expect(await cells("Plan", /^Seats/)).toEqual(["4", "5", "its own"]);
  expect(await cells("Plan", /^Storage/)).toEqual(["not measured", "2 GB", "the plan’s"]);
  expect(await cells("Plan", /^API keys/)).toEqual(["–", "on", "its own"]);
  expect(await cells("Limits", /^depth/)).toEqual(["10", "its own"]);
  expect(await cells("Limits", /^requests per second/)).toEqual(["any number", "the program’s"]);
  expect(await cells("Usage of the last 30 days", /2026/)).toEqual(["90", "10", "2", "10", "1.5 MB", "4"]);
  expect((await cells("Slow operations", /^query Directory/)).slice(0, 4)).toEqual(["3", "2,500", "1,200", "4"]);
  expect(screen.queryByRole("button")).not.toBeInTheDocument();
});

test("the plan and its exceptions are sent as they are chosen", async () => {
  const set = vi.fn(() => ({ tenant: { ...tenant, planId: null } }));
  const plan = { id: "team", name: "Team", features: [], forNewTenants: false, tenantCount: 1 };
  renderPage(<TenantPage />, {
    operator: admin,
    answers: { ...answers, plans: () => [plan], setTenantPlan: set },
    ...at,
  });
  await userEvent.click(await screen.findByRole("button", { name: "Change the plan" }));
  const dialog = await screen.findByRole("dialog");
  expect(await within(dialog).findByRole("combobox", { name: "Plan" })).toHaveValue("team");
  expect(within(dialog).getByLabelText("Seats: at most")).toHaveValue("5");
  await userEvent.selectOptions(within(dialog).getByRole("combobox", { name: "Plan" }), "No plan");
  await userEvent.selectOptions(within(dialog).getByLabelText("Storage: how much"), "At most…");
  await userEvent.selectOptions(within(dialog).getByLabelText("API keys"), "As the plan says");
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(within(dialog).getByText("Enter a whole number.")).toBeInTheDocument();
  expect(set).not.toHaveBeenCalled();
  await userEvent.type(within(dialog).getByLabelText("Storage: at most"), "500 MB");
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  await vi.waitFor(() => expect(set).toHaveBeenCalledOnce());
  const input = {
    id: "t-1",
    planId: null,
    // What was not touched is not written back.
    quotas: [{ quota: "STORAGE_BYTES", own: "AT_MOST", limit: 500_000_000 }],
    features: [{ feature: "API_KEYS", isOn: null }],
  };
  expect(set).toHaveBeenCalledWith({ input });
});

test("only the limits that were changed are sent, and what is emptied is the program’s again", async () => {
  const set = vi.fn(() => ({ tenant }));
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, setTenantLimits: set }, ...at });
  await userEvent.click(await screen.findByRole("button", { name: "Change the limits" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.clear(await within(dialog).findByLabelText("depth"));
  await userEvent.type(within(dialog).getByLabelText("requests per second"), "many");
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(within(dialog).getByText(/^Enter a whole number up to/)).toBeInTheDocument();
  await userEvent.clear(within(dialog).getByLabelText("requests per second"));
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  await vi.waitFor(() => expect(set).toHaveBeenCalledOnce());
  const input = { id: "t-1", limits: [{ name: "DEPTH", value: null }] };
  expect(set).toHaveBeenCalledWith({ input });
});

test("who may ask for the schema is sent where it was changed", async () => {
  const set = vi.fn(() => ({ tenant }));
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, setTenantLimits: set }, ...at });
  await userEvent.click(await screen.findByRole("button", { name: "Change the limits" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.selectOptions(await within(dialog).findByLabelText("who may ask for the schema"), "Nobody");
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  await vi.waitFor(() => expect(set).toHaveBeenCalledOnce());
  expect(set).toHaveBeenCalledWith({ input: { id: "t-1", limits: [], introspection: "OFF" } });
});

test("its own days are set beside the dates", async () => {
  const set = vi.fn(() => ({ tenant }));
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, setTenantTerms: set }, ...at });
  await userEvent.click(await screen.findByRole("button", { name: "Dates" }));
  const dialog = await screen.findByRole("dialog");
  const warned = await within(dialog).findByLabelText("Warned so many days before");
  expect(warned).toHaveValue("20");
  await userEvent.clear(warned);
  await userEvent.type(within(dialog).getByLabelText("Suspended so many days after"), "60");
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  await vi.waitFor(() => expect(set).toHaveBeenCalledOnce());
  // What was not touched is not written back.
  expect(set).toHaveBeenCalledWith({ input: { id: "t-1", warningDays: null, suspendAfterDays: 60 } });
});

test("what is not renamed is left as it is by now", async () => {
  const rename = vi.fn(() => ({ tenant }));
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, renameTenant: rename }, ...at });
  await userEvent.click(await screen.findByRole("button", { name: "Rename" }));
  const dialog = await screen.findByRole("dialog");
  const name = await within(dialog).findByLabelText("Name");
  await userEvent.clear(name);
  await userEvent.type(name, "Acme Limited");
  await userEvent.click(within(dialog).getByRole("button", { name: "Rename" }));
  await vi.waitFor(() => expect(rename).toHaveBeenCalledOnce());
  expect(rename).toHaveBeenCalledWith({ input: { id: "t-1", name: "Acme Limited" } });
});
