import { cleanup, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ReadOnlyContext } from "../session/context.ts";
import { employee, owner, renderPage } from "../test/render.tsx";
import { MembersPage } from "./MembersPage.tsx";

const page = (nodes: unknown[]) => ({ nodes, pageInfo: { hasNextPage: false, endCursor: null } });
const own = {
  account: { id: "account-1", email: "hr@acme.test", name: "Hana Sato" },
  role: "OWNER",
  employee: null,
  joinedAt: "2026-01-01T00:00:00Z",
};
const other = { ...own, account: { id: "account-2", email: "noor@acme.test", name: "Noor" }, role: "EMPLOYEE" };
const invitation = {
  id: "i-1",
  email: "new@acme.test",
  role: "MANAGER",
  invitedBy: "Hana Sato",
  createdAt: "2026-01-01T00:00:00Z",
  expiresAt: "2026-01-08T00:00:00Z",
};

const tenant = (used = 1, limit: number | null = null) => ({
  id: "t-1",
  slug: "acme",
  name: "Acme",
  standing: null,
  plan: { name: null, features: [], quotas: [{ quota: "SEATS", limit, used }] },
});

test("a member gets another role; nobody is offered to change the own one", async () => {
  const change = vi.fn(() => ({ member: { ...other, role: "HR" } }));
  renderPage(<MembersPage />, {
    viewer: owner,
    answers: { members: () => page([own, other]), invitations: () => page([]), changeMemberRole: change },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Actions for Hana Sato" }));
  expect(screen.queryByRole("menuitem", { name: "Change role" })).not.toBeInTheDocument();
  await userEvent.keyboard("{Escape}");
  await userEvent.click(screen.getByRole("button", { name: "Actions for Noor" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Change role" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.selectOptions(within(dialog).getByLabelText("Role"), "HR");
  await userEvent.click(within(dialog).getByRole("button", { name: "Change" }));
  await vi.waitFor(() =>
    expect(change).toHaveBeenCalledExactlyOnceWith({ input: { accountId: "account-2", role: "HR" } }),
  );
});

test("removing a member asks first", async () => {
  const remove = vi.fn(() => ({ deletedId: "account-2" }));
  renderPage(<MembersPage />, {
    viewer: owner,
    answers: {
      members: () => page([own, other]),
      invitations: () => page([]),
      removeMember: remove,
      tenant: () => tenant(),
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Actions for Noor" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Remove" }));
  expect(remove).not.toHaveBeenCalled();
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Remove" }));
  await vi.waitFor(() => expect(remove).toHaveBeenCalledExactlyOnceWith({ accountId: "account-2" }));
});

test("someone is invited, and the invitation appears", async () => {
  const invitations = vi
    .fn()
    .mockReturnValueOnce(page([]))
    .mockReturnValue(page([invitation]));
  const invite = vi.fn(() => ({ invitation }));
  renderPage(<MembersPage />, {
    viewer: owner,
    answers: { members: () => page([own]), invitations, inviteMember: invite, tenant: () => tenant() },
  });
  await screen.findByText("Nobody is invited at present.");
  await userEvent.click(screen.getByRole("button", { name: "Invite someone" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.type(within(dialog).getByRole("textbox", { name: "E-mail address" }), "new@acme.test");
  await userEvent.selectOptions(within(dialog).getByLabelText("Role"), "MANAGER");
  await userEvent.click(within(dialog).getByRole("button", { name: "Invite" }));
  expect(await screen.findByRole("rowheader", { name: "new@acme.test" })).toBeInTheDocument();
  expect(invite).toHaveBeenCalledExactlyOnceWith({ input: { email: "new@acme.test", role: "MANAGER" } });
});

test("where no seat is free, nobody is asked whom to invite", async () => {
  const answers = { members: () => page([own]), invitations: () => page([]), tenant: () => tenant(4, 4) };
  renderPage(<MembersPage />, { viewer: owner, answers });
  expect(await screen.findByText(/^No seat of your plan is free: 4 of 4 are used./)).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Invite someone" })).not.toBeInTheDocument();
});

test("where nothing can be changed, a membership can be ended alone, and without one to end there is no column for it", async () => {
  const answers = (nodes: unknown[]) => ({ members: () => page(nodes), invitations: () => page([]) });
  const readOnly = (
    <ReadOnlyContext value={true}>
      <MembersPage />
    </ReadOnlyContext>
  );
  renderPage(readOnly, { viewer: owner, answers: answers([own]) });
  expect(await screen.findByRole("rowheader", { name: /^Hana Sato/ })).toBeInTheDocument();
  expect(screen.queryByRole("columnheader", { name: "Actions" })).not.toBeInTheDocument();
  cleanup();
  renderPage(readOnly, { viewer: owner, answers: answers([own, other]) });
  await userEvent.click(await screen.findByRole("button", { name: "Actions for Noor" }));
  expect(screen.getAllByRole("menuitem").map((item) => item.textContent)).toEqual(["Remove"]);
});

test("who may not manage the members is told so", () => {
  renderPage(<MembersPage />, { viewer: employee, answers: {} });
  expect(screen.getByText("You may not manage the members")).toBeInTheDocument();
});
