import { screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { hr, owner, renderPage } from "../test/render.tsx";
import { SupportNotice } from "./SupportNotice.tsx";

const grant = {
  id: "grant-1",
  state: "ASKED",
  operatorName: "Olga Operator",
  operatorEmail: "olga@operators.test",
  reason: "The import fails",
  hours: 2,
  askedAt: "2026-11-21T08:00:00Z",
  lapsesAt: "2026-11-24T08:00:00Z",
  decidedAt: null as string | null,
  decidedBy: null as string | null,
  expiresAt: null as string | null,
  lastEnteredAt: null,
  endedAt: null,
  endedBy: null,
};
const open = {
  ...grant,
  id: "grant-2",
  state: "OPEN",
  operatorName: "Otto Operator",
  decidedAt: "2026-11-21T09:00:00Z",
  decidedBy: "Ann Owner",
  expiresAt: "2999-01-01T12:00:00Z",
};
const ended = { ...open, id: "grant-3", state: "ENDED", endedAt: "2026-11-21T10:00:00Z", endedBy: "Ann Owner" };

test("an owner learns on every page that an operator waits", async () => {
  renderPage(<SupportNotice />, { viewer: owner, answers: { supportGrants: () => [ended, open, grant] } });
  expect(await screen.findByRole("status")).toHaveTextContent(/^Olga Operator, .* asks to look in here/);
  expect(screen.getByRole("link", { name: "Support access" })).toHaveAttribute("href", "/settings/support");
});

test("an owner learns on every page that an operator may look in", async () => {
  renderPage(<SupportNotice />, { viewer: owner, answers: { supportGrants: () => [ended, open] } });
  expect(await screen.findByRole("status")).toHaveTextContent(/^Otto Operator, .* may look in here until .*2999/);
});

test("what is over is not said, nor anything to others", async () => {
  const grants = vi.fn(() => [ended]);
  renderPage(<SupportNotice />, { viewer: owner, answers: { supportGrants: grants } });
  await vi.waitFor(() => expect(grants).toHaveBeenCalled());
  expect(screen.queryByRole("status")).not.toBeInTheDocument();
  grants.mockClear();
  renderPage(<SupportNotice />, { viewer: hr, answers: { supportGrants: grants } });
  expect(grants).not.toHaveBeenCalled();
});
