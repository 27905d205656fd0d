import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StandingBanner } from "../app/StandingBanner.tsx";
import { ReadOnlyContext } from "../session/context.ts";
import { employee, owner, refuse, renderPage } from "../test/render.tsx";
import { OrganisationPage } from "./OrganisationPage.tsx";

const standing = {
  state: "ACTIVE",
  isTrial: false,
  dueAt: null,
  readOnlyFrom: null,
  suspendedFrom: null,
  trialEndsAt: null,
  paidUntil: null,
  billingContact: null,
  deletionGraceDays: 30,
};
const plan = { name: null, features: ["CUSTOM_DOMAINS", "IDENTITY_PROVIDER", "API_KEYS"], quotas: [] as object[] };
const tenant = (rest: object = {}) => ({
  id: "t-1",
  slug: "acme",
  name: "Acme",
  standing: { ...standing, ...rest },
  plan,
});
const { location } = window;
const going = { assign: vi.fn(), reload: vi.fn() };

beforeEach(() => {
  vi.stubGlobal("location", {
    ...going,
    protocol: "http:",
    hostname: "acme.localhost",
    port: "",
    host: "acme.localhost",
  });
});
afterEach(() => {
  vi.stubGlobal("location", location);
  going.assign.mockClear();
  going.reload.mockClear();
});

test("another address is where one goes on; one that is taken is said beside its input", async () => {
  const rename = vi
    .fn()
    .mockImplementationOnce(refuse("CONFLICT", "This address is taken.", { field: "slug" }))
    .mockReturnValue({ name: "Acme", slug: "acme-works", url: "http://acme-works.localhost" });
  renderPage(<OrganisationPage />, { viewer: owner, answers: { tenant: () => tenant(), renameTenant: rename } });
  const address = await screen.findByLabelText(/^Address/);
  await userEvent.clear(address);
  await userEvent.type(address, "acme-works");
  const confirm = async () => {
    await userEvent.click(screen.getByRole("button", { name: "Rename" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("Everybody is signed out, and signs in again at acme-works.");
    await userEvent.click(within(dialog).getByRole("button", { name: "Change the address" }));
  };
  await confirm();
  expect(await screen.findByText("This address is taken.")).toBeInTheDocument();
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  expect(address).toHaveFocus();
  expect(going.assign).not.toHaveBeenCalled();
  await confirm();
  await vi.waitFor(() => expect(going.assign).toHaveBeenCalledExactlyOnceWith("http://acme-works.localhost"));
  expect(rename).toHaveBeenLastCalledWith({ input: { name: "Acme", slug: "acme-works" } });
});

test("another name is taken as it is, and nothing is sent where nothing is changed", async () => {
  const rename = vi.fn(() => ({ name: "Acme Works", slug: "acme", url: "http://acme.localhost" }));
  renderPage(<OrganisationPage />, { viewer: owner, answers: { tenant: () => tenant(), renameTenant: rename } });
  const name = await screen.findByRole("textbox", { name: /^Name/ });
  expect(screen.getByRole("button", { name: "Rename" })).toBeDisabled();
  await userEvent.type(name, " Works");
  await userEvent.click(screen.getByRole("button", { name: "Rename" }));
  await vi.waitFor(() => expect(going.reload).toHaveBeenCalledOnce());
  expect(rename).toHaveBeenCalledExactlyOnceWith({ input: { name: "Acme Works", slug: "acme" } });
});

test("where nothing can be changed, name and address cannot be either, and that is said", async () => {
  const page = (
    <ReadOnlyContext value={true}>
      <OrganisationPage />
    </ReadOnlyContext>
  );
  renderPage(page, { viewer: owner, answers: { tenant: () => tenant({ state: "READ_ONLY" }) } });
  const form = await screen.findByRole("form", { name: "Name and address" });
  expect(within(form).getByLabelText(/^Name/)).toBeDisabled();
  expect(within(form).getByLabelText(/^Address/)).toBeDisabled();
  expect(within(form).getByText("Nothing of this can be changed now.")).toBeInTheDocument();
  expect(within(form).queryByRole("button")).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Delete the organisation…" })).toBeEnabled();
});

test("how long a deletion can be taken back is said before", async () => {
  renderPage(<OrganisationPage />, { viewer: owner, answers: { tenant: () => tenant() } });
  const part = await screen.findByRole("region", { name: "Delete the organisation" });
  expect(part).toHaveTextContent("For 30 days every owner can take that back.");
});

test("who deletes types the address, the password and a code", async () => {
  const remove = vi.fn(() => ({ deleteAt: "2027-01-01T00:00:00Z", url: "http://localhost" }));
  const security = () => ({ authenticatorConfirmedAt: "2026-01-01T00:00:00Z" });
  const answers = { tenant: () => tenant(), security, requestTenantDeletion: remove };
  renderPage(<OrganisationPage />, { viewer: owner, answers });
  await userEvent.click(await screen.findByRole("button", { name: "Delete the organisation…" }));
  const dialog = await screen.findByRole("dialog");
  expect(dialog).toHaveTextContent("For 30 days every owner can take that back.");
  await userEvent.type(await within(dialog).findByLabelText("Type acme"), "other");
  await userEvent.type(within(dialog).getByLabelText("Your password"), "secret");
  await userEvent.type(within(dialog).getByLabelText(/^Code of/), "123 456");
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete the organisation" }));
  expect(await within(dialog).findByText("Type acme to go on.")).toBeInTheDocument();
  expect(remove).not.toHaveBeenCalled();
  await userEvent.clear(within(dialog).getByLabelText("Type acme"));
  await userEvent.type(within(dialog).getByLabelText("Type acme"), "acme");
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete the organisation" }));
  await vi.waitFor(() => expect(going.assign).toHaveBeenCalledExactlyOnceWith("http://localhost"));
  expect(remove).toHaveBeenCalledExactlyOnceWith({ input: { slug: "acme", password: "secret", code: "123456" } });
});

test("owners see what they may use and what they use", async () => {
  const quotas = [
    { quota: "SEATS", limit: 10, used: 10 },
    { quota: "STORAGE_BYTES", limit: 2_000_000_000, used: 1_500_000 },
    { quota: "REQUESTS_PER_DAY", limit: 1500, used: 1234 },
  ];
  const own = { ...tenant(), plan: { name: "Team", features: ["API_KEYS"], quotas } };
  renderPage(<OrganisationPage />, { viewer: owner, answers: { tenant: () => own } });
  const part = await screen.findByRole("region", { name: "Plan" });
  expect(await within(part).findByText("Team")).toBeInTheDocument();
  expect(within(part).getByText("Members and open invitations: 10 of 10")).toBeInTheDocument();
  expect(within(part).getByText("Storage: 1.5 MB of 2 GB")).toBeInTheDocument();
  expect(within(part).getByText("Requests today (UTC): 1,234 of 1,500")).toBeInTheDocument();
  // What is used up, and what soon will be.
  expect(within(part).getByText("Used up. Without a free seat nobody can be added.")).toBeInTheDocument();
  expect(within(part).getByText(/^Nearly used up. Without any left, requests are refused/)).toBeInTheDocument();
  expect(within(part).queryByText(/Without room/)).not.toBeInTheDocument();
  expect(within(part).getByText("Addresses of your own (not in your plan)")).toBeInTheDocument();
  expect(within(part).getByText("API keys")).toBeInTheDocument();
});

test("only owners see it", () => {
  renderPage(<OrganisationPage />, { viewer: employee, answers: {} });
  expect(screen.getByText("Only owners rename, export or delete the organisation")).toBeInTheDocument();
});

test.each([
  [{ state: "ACTIVE" }, null],
  [{ state: "TRIAL", isTrial: true }, null],
  [{ state: "WARNED", isTrial: true, dueAt: "2999-01-01T00:00:00Z" }, /^The trial ends on .*2998$/],
  [{ state: "WARNED", dueAt: "2001-01-01T00:00:00Z" }, /^The time that was paid for ended on .*2000$/],
  [{ state: "READ_ONLY", dueAt: "2001-01-01T00:00:00Z" }, /^Nothing can be changed/],
])("the banner of %o", async (rest, title) => {
  const asked = vi.fn(() => tenant({ ...rest, billingContact: "billing@acme.test" }));
  renderPage(<StandingBanner />, { viewer: owner, answers: { tenant: asked } });
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  if (title === null) {
    expect(screen.queryByRole("status")).not.toBeInTheDocument();
  } else {
    expect(await screen.findByText(title)).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "billing@acme.test" })).toHaveAttribute("href", "mailto:billing@acme.test");
  }
});
