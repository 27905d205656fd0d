import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ReadOnlyContext } from "../session/context.ts";
import { hr, owner, refuse, renderPage } from "../test/render.tsx";
import { DomainsPage } from "./DomainsPage.tsx";

const builtIn = {
  hostname: "acme.example.com",
  address: "https://acme.example.com",
  state: "BUILT_IN",
  isPrimary: true,
  record: null,
  checkedAt: null,
  problem: null,
};
const pending = {
  hostname: "hr.acme.com",
  address: "https://hr.acme.com",
  state: "PENDING",
  isPrimary: false,
  record: { name: "_tenantry.hr.acme.com", value: "tenantry-domain=abc" },
  checkedAt: null,
  problem: null,
};
const proved = { ...pending, state: "PROVED", checkedAt: "2026-01-01T00:00:00Z" };
const listOf = (...nodes: unknown[]) => ({ nodes, redirectsToPrimary: true });

test("an address is added, and its record shown until it is proved", async () => {
  const domains = vi
    .fn()
    .mockReturnValueOnce(listOf(builtIn))
    .mockReturnValueOnce(listOf(builtIn, pending))
    .mockReturnValue(listOf(builtIn, proved));
  const addDomain = vi.fn(() => ({ domain: pending }));
  const checkDomain = vi.fn(() => ({ domain: proved }));
  renderPage(<DomainsPage />, { viewer: owner, answers: { domains, addDomain, checkDomain } });
  await userEvent.click(await screen.findByRole("button", { name: "Add an address" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Add" }));
  expect(await within(dialog).findByText("Enter a domain.")).toBeInTheDocument();
  await userEvent.type(within(dialog).getByRole("textbox", { name: "Domain" }), " hr.acme.com ");
  await userEvent.click(within(dialog).getByRole("button", { name: "Add" }));
  expect(addDomain).toHaveBeenCalledExactlyOnceWith({ input: { hostname: "hr.acme.com" } });

  const card = await screen.findByRole("region", { name: "hr.acme.com" });
  expect(within(card).getByText("_tenantry.hr.acme.com")).toBeInTheDocument();
  expect(within(card).getByText("tenantry-domain=abc")).toBeInTheDocument();
  expect(within(card).getByText("Not proved yet")).toBeInTheDocument();
  expect(within(card).queryByRole("button", { name: "Make primary: hr.acme.com" })).not.toBeInTheDocument();
  await userEvent.click(within(card).getByRole("button", { name: "Check now: hr.acme.com" }));
  expect(await within(card).findByText("Proved")).toBeInTheDocument();
  expect(checkDomain).toHaveBeenCalledExactlyOnceWith({ hostname: "hr.acme.com" });
  expect(await screen.findByText("The record is there.")).toBeInTheDocument();
});

test("what is wrong with a name stands at the input, and what is wrong with a proof at the address", async () => {
  const sentence = "DNS has no such TXT record yet.";
  const failing = { ...proved, state: "FAILING", problem: sentence };
  const checkDomain = vi.fn(() => ({ domain: failing }));
  renderPage(<DomainsPage />, {
    viewer: owner,
    answers: {
      domains: () => listOf(builtIn, failing),
      addDomain: refuse("BAD_USER_INPUT", "This is not the name of a host.", { field: "hostname" }),
      checkDomain,
    },
  });
  const card = await screen.findByRole("region", { name: "hr.acme.com" });
  expect(within(card).getByText("Proof is missing")).toBeInTheDocument();
  expect(within(card).getByText(sentence)).toBeInTheDocument();
  await userEvent.click(within(card).getByRole("button", { name: "Check now: hr.acme.com" }));
  expect(checkDomain).toHaveBeenCalledOnce();
  expect(within(card).getByText(sentence)).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Add an address" }));
  const dialog = await screen.findByRole("dialog");
  const input = within(dialog).getByRole("textbox", { name: "Domain" });
  await userEvent.type(input, "x{Enter}");
  expect(await within(dialog).findByText("This is not the name of a host.")).toBeInTheDocument();
  expect(input).toHaveFocus();
});

test("the primary address is chosen, pages are led or not, and an address is removed", async () => {
  const primary = listOf({ ...builtIn, isPrimary: false }, { ...proved, isPrimary: true });
  const domains = vi
    .fn()
    .mockReturnValueOnce(listOf(builtIn, proved))
    .mockReturnValueOnce(primary)
    .mockReturnValueOnce({ ...primary, redirectsToPrimary: false })
    .mockReturnValue(listOf(builtIn));
  const payload = () => ({ domains: primary });
  const [makeDomainPrimary, redirectToPrimaryDomain] = [vi.fn(payload), vi.fn(payload)];
  const removeDomain = vi.fn(() => ({ domains: listOf(builtIn) }));
  renderPage(<DomainsPage />, {
    viewer: owner,
    answers: { domains, makeDomainPrimary, redirectToPrimaryDomain, removeDomain },
  });
  const card = await screen.findByRole("region", { name: "hr.acme.com" });
  expect(screen.queryByRole("button", { name: "Remove acme.example.com" })).not.toBeInTheDocument();
  await userEvent.click(within(card).getByRole("button", { name: "Make primary: hr.acme.com" }));
  expect(await within(card).findByText("Primary")).toBeInTheDocument();
  expect(makeDomainPrimary).toHaveBeenCalledExactlyOnceWith({ hostname: "hr.acme.com" });

  const toggle = screen.getByRole("switch", { name: /Pages at the other addresses/ });
  expect(toggle).toBeChecked();
  await userEvent.click(toggle);
  expect(redirectToPrimaryDomain).toHaveBeenCalledExactlyOnceWith({ enabled: false });
  await vi.waitFor(() => expect(toggle).not.toBeChecked());

  await userEvent.click(within(card).getByRole("button", { name: "Remove hr.acme.com" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Remove" }));
  await vi.waitFor(() => expect(screen.queryByRole("region", { name: "hr.acme.com" })).not.toBeInTheDocument());
  expect(removeDomain).toHaveBeenCalledExactlyOnceWith({ hostname: "hr.acme.com" });
});

test("where they are not in the plan, no address is asked for", async () => {
  const standing = {
    state: "ACTIVE",
    isTrial: false,
    dueAt: null,
    readOnlyFrom: null,
    suspendedFrom: null,
    trialEndsAt: null,
    paidUntil: null,
    billingContact: "billing@example.test",
    deletionGraceDays: 30,
  };
  const tenant = { id: "t-1", slug: "acme", name: "Acme", standing, plan: { name: "Small", features: [] } };
  renderPage(<DomainsPage />, { viewer: owner, answers: { domains: () => listOf(builtIn), tenant: () => tenant } });
  expect(
    await screen.findByText(/^Addresses of your own are not in your plan. To have more, ask:/),
  ).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "billing@example.test" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Add an address" })).not.toBeInTheDocument();
});

test("where nothing can be changed, pages are led where they were, and an address can be removed alone", async () => {
  const page = (
    <ReadOnlyContext value={true}>
      <DomainsPage />
    </ReadOnlyContext>
  );
  renderPage(page, { viewer: owner, answers: { domains: () => listOf(builtIn, proved) } });
  expect(await screen.findByRole("switch", { name: /Pages at the other addresses/ })).toBeDisabled();
  expect(screen.getByText(/in any case\. This cannot be changed now\.$/)).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /^Add|^Make primary|^Check now/ })).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Remove hr.acme.com" })).toBeEnabled();
});

test("whoever may not manage addresses is told so, and nothing is asked for", async () => {
  const domains = vi.fn();
  renderPage(<DomainsPage />, { viewer: hr, answers: { domains } });
  expect(await screen.findByText("You may not manage the addresses of the organisation")).toBeInTheDocument();
  expect(domains).not.toHaveBeenCalled();
});
