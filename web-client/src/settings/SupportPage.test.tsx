import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { employee, list, owner, refuse, renderPage } from "../test/render.tsx";
import { askedGrant, openGrant } from "../test/support.ts";
import { SupportPage } from "./SupportPage.tsx";

const asked = askedGrant();
const open = openGrant();

test("an owner lets an operator in once that was confirmed, and ends it", async () => {
  const consent = vi.fn(() => ({ supportGrant: open }));
  const end = vi.fn(() => ({
    supportGrant: openGrant({ state: "ENDED", endedAt: "2026-11-21T10:00:00Z", endedBy: "Ann Owner" }),
  }));
  const answers = { supportGrants: () => [asked], consentToSupport: consent, endSupport: end };
  renderPage(<SupportPage />, { viewer: owner, answers });
  const card = await screen.findByRole("region", { name: "Olga Operator" });
  expect(within(card).getByText("The import fails")).toBeInTheDocument();
  expect(within(card).getByText(/for 2 hours/)).toBeInTheDocument();
  await userEvent.click(within(card).getByRole("button", { name: "Let in… Olga Operator" }));
  expect(consent).not.toHaveBeenCalled();
  const dialog = await screen.findByRole("dialog");
  expect(dialog).toHaveTextContent("can change nothing");
  await userEvent.click(within(dialog).getByRole("button", { name: "Let in" }));
  expect(await within(card).findByText(/^Ann Owner consented on/)).toBeInTheDocument();
  await vi.waitFor(() => expect(within(card).getByRole("heading", { name: "Olga Operator" })).toHaveFocus());
  expect(within(card).getByText("Has not entered.")).toBeInTheDocument();
  await userEvent.click(within(card).getByRole("button", { name: "End it now: Olga Operator" }));
  expect(await within(card).findByText(/^Ann Owner ended it on/)).toBeInTheDocument();
  expect(within(card).queryByRole("button", { name: /^End it now|^Let in/ })).not.toBeInTheDocument();
  await vi.waitFor(() => expect(within(card).getByRole("heading", { name: "Olga Operator" })).toHaveFocus());
  expect(end).toHaveBeenCalledWith({ id: "grant-1" });
});

test("an owner refuses; what comes too late is said", async () => {
  const answer = vi
    .fn()
    .mockImplementationOnce(refuse("CONFLICT", "This request was withdrawn."))
    .mockReturnValue({
      supportGrant: askedGrant({ state: "REFUSED", decidedAt: open.decidedAt, decidedBy: "Ann Owner" }),
    });
  renderPage(<SupportPage />, { viewer: owner, answers: { supportGrants: () => [asked], refuseSupport: answer } });
  const button = await screen.findByRole("button", { name: "Refuse Olga Operator" });
  await userEvent.click(button);
  expect(await screen.findByText("This request was withdrawn.")).toBeInTheDocument();
  await userEvent.click(button);
  expect(await screen.findByText(/^Ann Owner refused on/)).toBeInTheDocument();
});

const withdrawn = askedGrant({ state: "WITHDRAWN", endedAt: "2026-11-21T09:00:00Z", endedBy: "Olga Operator" });

test("what cannot be answered any more is shown as it is by now", async () => {
  const grants = vi.fn().mockReturnValueOnce([asked]).mockReturnValue([withdrawn]);
  const refused = refuse("CONFLICT", "It was withdrawn meanwhile.");
  renderPage(<SupportPage />, { viewer: owner, answers: { supportGrants: grants, refuseSupport: refused } });
  await userEvent.click(await screen.findByRole("button", { name: "Refuse Olga Operator" }));
  expect(await screen.findByText("It was withdrawn meanwhile.")).toBeInTheDocument();
  expect(await screen.findByText(/^Olga Operator withdrew it on/)).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /^Refuse|^Let in/ })).not.toBeInTheDocument();
});

test("whoever lets in too late is told so, and the dialog goes", async () => {
  const grants = vi.fn().mockReturnValueOnce([asked]).mockReturnValue([withdrawn]);
  const refused = refuse("CONFLICT", "It was withdrawn just now.");
  renderPage(<SupportPage />, { viewer: owner, answers: { supportGrants: grants, consentToSupport: refused } });
  await userEvent.click(await screen.findByRole("button", { name: "Let in… Olga Operator" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Let in" }));
  expect(await screen.findByText(/^Olga Operator withdrew it on/)).toBeInTheDocument();
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  expect(screen.getByText("It was withdrawn just now.")).toBeInTheDocument();
});

test("each visit is in the history of its request", async () => {
  const event = (id: string, action: string, actorName: string) => ({
    id,
    action,
    actorName,
    occurredAt: "2026-11-21T10:00:00Z",
  });
  const history = vi.fn(() =>
    list([
      event("e-3", "support.expired", "Olga Operator (support)"),
      event("e-2", "support.entered", "Olga Operator (support)"),
      event("e-1", "support.consented", "Ann Owner"),
    ]),
  );
  renderPage(<SupportPage />, { viewer: owner, answers: { supportGrants: () => [open], auditEvents: history } });
  const unfold = await screen.findByRole("button", { name: "History: Olga Operator" });
  expect(history).not.toHaveBeenCalled();
  await userEvent.click(unfold);
  const entries = await screen.findAllByRole("listitem");
  expect(entries.map((entry) => entry.querySelector("div")?.textContent)).toEqual([
    "Ended by itself",
    "Entered by Olga Operator (support)",
    "Let in by Ann Owner",
  ]);
  expect(history).toHaveBeenCalledWith(expect.objectContaining({ subjectId: "grant-1" }) as object);
});

test("where nobody has asked, that is said", async () => {
  renderPage(<SupportPage />, { viewer: owner, answers: { supportGrants: () => [] } });
  expect(await screen.findByText("No operator has asked to look in here")).toBeInTheDocument();
});

test("only owners see it", () => {
  renderPage(<SupportPage />, { viewer: employee, answers: {} });
  expect(screen.getByText("Only owners let operators in")).toBeInTheDocument();
});
