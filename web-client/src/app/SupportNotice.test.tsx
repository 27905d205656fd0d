import { screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { hr, owner, renderPage } from "../test/render.tsx";
import { askedGrant, openGrant } from "../test/support.ts";
import { SupportNotice } from "./SupportNotice.tsx";

const asked = askedGrant();
const open = openGrant({ id: "grant-2", operatorName: "Otto Operator", expiresAt: "2999-01-01T12:00:00Z" });
// As long as it would have been: that it is over is what counts.
const ended = {
  ...open,
  id: "grant-3",
  state: "ENDED",
  endedAt: "2026-11-21T10:00:00Z",
  endedBy: "Ann Owner",
} as const;

test("an owner learns on every page that an operator waits", async () => {
  renderPage(<SupportNotice />, { viewer: owner, answers: { supportGrants: () => [ended, open, asked] } });
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
