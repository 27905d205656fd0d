import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { admin, list, refuse, renderPage } from "../test/render.tsx";
import { formatDate } from "../ui/format.ts";
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
  paidUntil: "2027-01-01T00:00:00Z",
  deleteAt: null,
  hosts: [],
};

const details = {
  schemaName: "tenant_1",
  maintenanceMessage: null as string | null,
  earliestDeletionAt: "2026-12-21T12:00:00Z",
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

const answers = { tenant: () => details, supportGrants: () => [], operatorEvents: () => list([]) };
const at = { path: "/operator/tenants/:slug", address: "/operator/tenants/acme" };

async function cells(region: string, row: RegExp) {
  const part = await screen.findByRole("region", { name: region });
  return within(within(part).getByRole("row", { name: row }))
    .getAllByRole("cell")
    .map((cell) => cell.textContent);
}

test("plan, limits, usage and slow operations are shown; a viewer has nothing to change them by", async () => {
  renderPage(<TenantPage />, { operator: { ...admin, role: "VIEWER" }, answers, ...at });
  expect(await cells("Plan", /^Seats/)).toEqual(["4", "5", "an operator"]);
  expect(await cells("Plan", /^Storage/)).toEqual(["not measured", "2 GB", "the plan"]);
  expect(await cells("Plan", /^API keys/)).toEqual(["–", "on", "an operator"]);
  expect(await cells("Limits", /^Depth of a document/)).toEqual(["10", "an operator"]);
  expect(await cells("Limits", /^Requests a second/)).toEqual(["any number", "the program"]);
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
  const dialog = await screen.findByRole("dialog", { name: "Plan of Acme" });
  expect(await within(dialog).findByRole("combobox", { name: "Plan" })).toHaveValue("team");
  expect(within(dialog).getByLabelText("Seats: at most")).toHaveValue("5");
  await userEvent.selectOptions(within(dialog).getByRole("combobox", { name: "Plan" }), "No plan");
  await userEvent.selectOptions(within(dialog).getByLabelText("Storage: how much"), "At most…");
  await userEvent.selectOptions(within(dialog).getByLabelText("API keys"), "As the plan says");
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(within(dialog).getByText("Enter bytes, or such as 2 GB.")).toBeInTheDocument();
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
  const dialog = await screen.findByRole("dialog", { name: "Limits of Acme" });
  await userEvent.clear(await within(dialog).findByLabelText("Depth of a document"));
  await userEvent.type(within(dialog).getByLabelText("Requests a second"), "many");
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(within(dialog).getByText(/^Enter a whole number up to/)).toBeInTheDocument();
  await userEvent.clear(within(dialog).getByLabelText("Requests a second"));
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
  await userEvent.selectOptions(await within(dialog).findByLabelText("Who may ask for the schema"), "Nobody");
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

test("a day is the same when it is shown and when it is set, and counts as a whole", async () => {
  const set = vi.fn(() => ({ tenant }));
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, setTenantTerms: set }, ...at });
  expect(await cells("Life", /^Paid until/)).toEqual([formatDate("2026-12-31")]);
  await userEvent.click(screen.getByRole("button", { name: "Dates" }));
  const dialog = await screen.findByRole("dialog", { name: "Dates of Acme" });
  expect(within(dialog).getByLabelText("Paid until")).toHaveValue("2026-12-31");
  fireEvent.change(within(dialog).getByLabelText("Trial ends"), { target: { value: "2027-01-31" } });
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  expect(await screen.findByText("The dates have been changed.")).toBeInTheDocument();
  expect(set).toHaveBeenCalledExactlyOnceWith({ input: { id: "t-1", trialEndsAt: "2027-02-01T00:00:00.000Z" } });
});

test("what there is nothing to say of is left out, and what holds is told", async () => {
  const held = { ...details, maintenanceMessage: "", tenant: { ...tenant, state: "MAINTENANCE" } };
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, tenant: () => held }, ...at });
  expect(await cells("Life", /^State/)).toEqual(["Maintenance"]);
  expect(await cells("Life", /^Maintenance/)).toEqual(["Without a message"]);
  expect(await cells("Data", /^Version/)).toEqual(["Current"]);
  expect(screen.queryByRole("row", { name: /^(Trial ends|Hosts|Deletion)/ })).not.toBeInTheDocument();
});

test("its own hosts are listed one a line, in the order of the server", async () => {
  const hosts = ["hr.acme.test", "people.acme.test"];
  const hosted = { ...details, tenant: { ...tenant, hosts } };
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, tenant: () => hosted }, ...at });
  const row = await screen.findByRole("row", { name: /^Hosts/ });
  expect(
    within(row)
      .getAllByRole("listitem")
      .map((item) => item.textContent),
  ).toEqual(hosts);
});

test("a deletion names the organisation and the day, and says that it is asked for", async () => {
  const erase = vi.fn(() => ({ tenant: { ...tenant, state: "DELETING", deleteAt: "2026-12-21T12:00:00Z" } }));
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, requestTenantDeletion: erase }, ...at });
  await userEvent.click(await screen.findByRole("button", { name: "Delete" }));
  const dialog = await screen.findByRole("dialog", { name: "Delete Acme" });
  expect(dialog).toHaveTextContent(formatDate("2026-12-21"));
  await userEvent.type(within(dialog).getByLabelText("Type acme"), "acme");
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(await screen.findByText(/^Acme will be deleted on/)).toBeInTheDocument();
  expect(erase).toHaveBeenCalledExactlyOnceWith({ input: { id: "t-1", slug: "acme" } });
});

test("what was done to it is on its page", async () => {
  const event = {
    id: "e-1",
    occurredAt: "2026-11-21T20:00:00Z",
    operatorName: "Olga Operator",
    action: "tenant.suspended",
    tenantSlug: "acme",
    details: { status: { from: "active", to: "suspended" } },
    address: null,
  };
  const events = vi.fn(() => list([event]));
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, operatorEvents: events }, ...at });
  expect(await cells("Events", /^Suspended/)).toContain("State: active → suspended");
  expect(events).toHaveBeenCalledWith(expect.objectContaining({ tenantId: "t-1" }));
});

test("how a visit ended is told", async () => {
  const grant = {
    id: "g-1",
    state: "ENDED",
    operatorName: "Olga Operator",
    operatorEmail: admin.email,
    reason: "The import fails",
    hours: 2,
    askedAt: "2026-11-21T20:00:00Z",
    decidedBy: "Andrea Gruber",
    expiresAt: "2026-11-21T22:30:00Z",
    endedAt: "2026-11-21T21:00:00Z",
    endedBy: "Bela Gruber",
  };
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, supportGrants: () => [grant] }, ...at });
  const row = await screen.findByRole("row", { name: /The import fails/ });
  expect(row).toHaveTextContent(/by Bela Gruber, /);
  expect(row).toHaveTextContent("Let in by Andrea Gruber");
  expect(row).not.toHaveTextContent("until");
});

test("an organisation that is not there has a way back", async () => {
  const missing = refuse("NOT_FOUND", "There is no such organisation.");
  renderPage(<TenantPage />, { operator: admin, answers: { ...answers, tenant: missing }, ...at });
  expect(await screen.findByRole("link", { name: "Go to the organisations" })).toHaveAttribute(
    "href",
    "/operator/tenants",
  );
});
