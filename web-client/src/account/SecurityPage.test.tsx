import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { refuse, renderPage } from "../test/render.tsx";
import { SecurityPage } from "./SecurityPage.tsx";

const here = {
  id: "s-1",
  current: true,
  tenantName: "Acme",
  tenantSlug: "acme",
  method: "PASSWORD",
  address: "192.0.2.1",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  createdAt: "2026-11-20T08:00:00Z",
  lastUsedAt: "2026-11-21T08:00:00Z",
  expiresAt: "2026-12-21T08:00:00Z",
};
const elsewhere = { ...here, id: "s-2", current: false, tenantName: null, tenantSlug: null, userAgent: "curl/8.5.0" };
const security = { sessions: [here, elsewhere], authenticatorConfirmedAt: null, recoveryCodesLeft: 0, passkeys: [] };

test("a session elsewhere is ended after a question; the one in use is not offered", async () => {
  const end = vi.fn(() => ({ deletedId: "s-2" }));
  const answer = vi
    .fn()
    .mockReturnValueOnce(security)
    .mockReturnValue({ ...security, sessions: [here] });
  renderPage(<SecurityPage />, { answers: { security: answer, endSession: end } });
  const part = await screen.findByRole("region", { name: "Where you are signed in" });
  expect(within(part).getByText(/Acme · 192\.0\.2\.1 · by password/)).toBeInTheDocument();
  expect(within(part).getAllByRole("button", { name: /^End the session/ })).toHaveLength(1);
  await userEvent.click(within(part).getByRole("button", { name: "End the session of curl" }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "End" }));
  await vi.waitFor(() => expect(screen.queryByText("curl")).not.toBeInTheDocument());
  expect(end).toHaveBeenCalledExactlyOnceWith({ id: "s-2" });
});

test("an authenticator is set up by password, picture and code, and gives recovery codes once", async () => {
  renderPage(<SecurityPage />, {
    answers: {
      security: () => security,
      setUpAuthenticator: () => ({
        secret: "GEZDGNBVGY3TQOJQ",
        uri: "otpauth://totp/Tenantry:hr?secret=GEZDGNBVGY3TQOJQ",
      }),
      confirmAuthenticator: () => ({ recoveryCodes: ["aaaa-bbbb", "cccc-dddd"] }),
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Set up" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.type(within(dialog).getByLabelText("Your password"), "secret");
  await userEvent.click(within(dialog).getByRole("button", { name: "Continue" }));
  expect(await screen.findByRole("img", { name: "The key as a QR code" })).toBeInTheDocument();
  expect(screen.getByText("GEZD GNBV GY3T QOJQ")).toBeInTheDocument();
  await userEvent.type(screen.getByLabelText(/Code/), "123456");
  await userEvent.click(screen.getByRole("button", { name: "Confirm" }));
  expect(await screen.findByText("cccc-dddd")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Done" })).toBeDisabled();
  await userEvent.click(screen.getByRole("checkbox"));
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.queryByText("cccc-dddd")).not.toBeInTheDocument();
});

test("a wrong present password is told beside its input", async () => {
  renderPage(<SecurityPage />, {
    answers: {
      security: () => security,
      changePassword: refuse("BAD_USER_INPUT", "This is not your password.", { field: "currentPassword" }),
    },
  });
  const part = await screen.findByRole("region", { name: "Password" });
  await userEvent.type(within(part).getByLabelText("Present password"), "wrong");
  await userEvent.type(within(part).getByLabelText("New password"), "quite a long one");
  await userEvent.click(within(part).getByRole("button", { name: "Change the password" }));
  expect(await within(part).findByText("This is not your password.")).toBeInTheDocument();
  expect(within(part).getByLabelText("Present password")).toHaveFocus();
});
