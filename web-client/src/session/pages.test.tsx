import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createMemoryRouter, RouterProvider } from "react-router";
import { beforeEach, expect, test, vi } from "vitest";
import { ForgotPasswordPage } from "../account/ForgotPasswordPage.tsx";
import { ResetPasswordPage } from "../account/ResetPasswordPage.tsx";
import { hr } from "../test/render.tsx";
import { theme } from "../ui/theme.ts";
import { sessionApi } from "./browser.ts";
import { DoorContext, KeeperContext } from "./context.ts";
import { doorTo } from "./door.ts";
import { EnterPage } from "./EnterPage.tsx";
import { tenantEntrance } from "./entrance.ts";
import { InvitationPage } from "./InvitationPage.tsx";
import { SessionKeeper } from "./keeper.ts";
import { SignInPage } from "./SignInPage.tsx";

const session = { accessToken: "token", accessTokenExpiresAt: "2999-01-01T00:00:00Z", viewer: hr };
const refusal = (code: string, message: string, rest = {}) => ({
  errors: [{ message, extensions: { code, ...rest } }],
});

let answers: Record<string, unknown> = {};
const sent = vi.fn();

beforeEach(() => {
  sent.mockClear();
  vi.stubGlobal("fetch", (_address: string, { body }: { body: string }) => {
    const { query, variables } = JSON.parse(body) as { query: string; variables: { input?: unknown } };
    const name = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? "";
    sent(name, variables.input ?? variables);
    return Promise.resolve(Response.json(answers[name]));
  });
});

function renderAt(address: string, identityProvider: string | null = null) {
  const keeper = new SessionKeeper(sessionApi("/graphql"), {
    now: () => Date.now(),
    exclusively: (work) => work(),
    announce: () => undefined,
    listen: () => undefined,
    later: () => () => undefined,
  });
  const door = doorTo(keeper, tenantEntrance("/graphql"), {
    name: "Acme",
    slug: "acme",
    address: "/graphql",
    identityProvider,
  });
  const router = createMemoryRouter(
    [
      { path: "/enter", Component: EnterPage },
      { path: "/invitation", Component: InvitationPage },
      { path: "/forgot-password", Component: ForgotPasswordPage },
      { path: "/reset-password", Component: ResetPasswordPage },
      { path: "/sign-in", Component: SignInPage },
      { path: "/", element: <p>Home</p> },
    ],
    { initialEntries: [address] },
  );
  render(
    <MantineProvider theme={theme} env="test" withCssVariables={false} withGlobalClasses={false}>
      <Notifications />
      <KeeperContext value={keeper}>
        <DoorContext value={door}>
          <RouterProvider router={router} useTransitions={false} />
        </DoorContext>
      </KeeperContext>
    </MantineProvider>,
  );
  return { keeper, router };
}

async function enterPassword() {
  await userEvent.type(screen.getByLabelText("E-mail address"), "hr@acme.test");
  await userEvent.type(screen.getByLabelText("Password"), "secret");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

test("an account with an authenticator is asked for its code", async () => {
  answers = {
    SignIn: refusal("SECOND_FACTOR_REQUIRED", "Enter the code.", { challenge: "c-1" }),
    CompleteSignIn: { data: { completeSignIn: session } },
  };
  const { keeper } = renderAt("/sign-in");
  await enterPassword();
  const code = await screen.findByLabelText("Code");
  expect(code).toHaveFocus();
  await userEvent.type(code, "12345");
  await userEvent.click(screen.getByRole("button", { name: "Continue" }));
  expect(screen.getByText("Enter the six digits.")).toBeInTheDocument();
  await userEvent.clear(code);
  await userEvent.type(code, "123 456");
  await userEvent.click(screen.getByRole("button", { name: "Continue" }));
  await vi.waitFor(() => expect(keeper.current()?.viewer.name).toBe("Hana Sato"));
  expect(sent).toHaveBeenLastCalledWith("CompleteSignIn", { challenge: "c-1", code: "123456", keepInCookie: true });
});

test("a recovery code takes the place of the authenticator's", async () => {
  answers = {
    SignIn: refusal("SECOND_FACTOR_REQUIRED", "Enter the code.", { challenge: "c-2" }),
    CompleteSignIn: refusal("UNAUTHENTICATED", "This code is not right."),
  };
  renderAt("/sign-in");
  await enterPassword();
  await userEvent.click(await screen.findByRole("button", { name: "Use a recovery code" }));
  await userEvent.type(screen.getByLabelText("Recovery code"), " abcd-efgh ");
  await userEvent.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("This code is not right.");
  expect(sent).toHaveBeenLastCalledWith("CompleteSignIn", {
    challenge: "c-2",
    recoveryCode: "abcd-efgh",
    keepInCookie: true,
  });
});

test("the identity provider has its button, and what went wrong there is told", () => {
  renderAt("/sign-in?problem=not_a_member", "Example Login");
  expect(screen.getByRole("link", { name: "Continue with Example Login" })).toHaveAttribute("href", "/auth/sign-in");
  expect(screen.getByRole("alert")).toHaveTextContent("You are not a member of this organisation.");
});

test("a word that nobody knows is not shown", () => {
  renderAt("/sign-in?problem=%3Cb%3Ehello");
  expect(screen.getByRole("alert")).toHaveTextContent("Signing in did not succeed.");
  expect(screen.queryByText(/hello/)).not.toBeInTheDocument();
});

test("the code of the apex becomes a session, once, and leaves the address at once", async () => {
  answers = { Enter: { data: { enter: session } } };
  sessionStorage.setItem("tenantry-entry-nonce", "the-nonce");
  const { keeper, router } = renderAt("/enter#the-code");
  expect(await screen.findByText("Home")).toBeInTheDocument();
  expect(sent).toHaveBeenCalledExactlyOnceWith("Enter", { code: "the-code", nonce: "the-nonce", keepInCookie: true });
  expect(router.state.location.hash).toBe("");
  expect(keeper.current()?.accessToken).toBe("token");
});

test("a code that this tab has not asked for is given without a nonce, and so not taken", async () => {
  answers = { Enter: refusal("UNAUTHENTICATED", "This way in is over.") };
  renderAt("/enter#somebody-elses");
  expect(await screen.findByRole("alert")).toBeInTheDocument();
  expect(sent).toHaveBeenCalledExactlyOnceWith("Enter", { code: "somebody-elses", nonce: "", keepInCookie: true });
});

test("a code that is over says so, and leads to signing in", async () => {
  answers = { Enter: refusal("UNAUTHENTICATED", "This way in is over.") };
  renderAt("/enter#old");
  expect(await screen.findByRole("alert")).toHaveTextContent("This way in is over.");
  expect(screen.getByRole("link", { name: "Sign in here instead" })).toHaveAttribute("href", "/");
});

const preview = {
  email: "new@acme.test",
  role: "MANAGER",
  invitedBy: "Hana Sato",
  hasAccount: false,
  expiresAt: "2999-01-01T00:00:00Z",
};

test("someone new accepts an invitation with a name and a password", async () => {
  answers = {
    Invitation: { data: { invitation: preview } },
    AcceptInvitation: { data: { acceptInvitation: { session } } },
  };
  const { keeper, router } = renderAt("/invitation#token-1");
  expect(await screen.findByRole("heading", { name: "Join Acme" })).toBeInTheDocument();
  expect(router.state.location.hash).toBe("");
  await userEvent.type(screen.getByLabelText("Your name"), "Noor");
  await userEvent.type(screen.getByLabelText("Password"), "short");
  await userEvent.click(screen.getByRole("button", { name: "Join" }));
  expect(screen.getByText("A password has at least 10 characters.")).toBeInTheDocument();
  await userEvent.type(screen.getByLabelText("Password"), " but longer");
  await userEvent.click(screen.getByRole("button", { name: "Join" }));
  expect(await screen.findByText("Home")).toBeInTheDocument();
  expect(keeper.current()).not.toBeNull();
  expect(sent).toHaveBeenLastCalledWith("AcceptInvitation", {
    token: "token-1",
    name: "Noor",
    password: "short but longer",
    keepInCookie: true,
  });
});

test("someone with an account accepts and then signs in", async () => {
  answers = {
    Invitation: { data: { invitation: { ...preview, hasAccount: true } } },
    AcceptInvitation: { data: { acceptInvitation: { session: null } } },
  };
  const { keeper } = renderAt("/invitation#token-2");
  await userEvent.click(await screen.findByRole("button", { name: "Accept" }));
  expect(await screen.findByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/");
  expect(keeper.current()).toBeNull();
});

test("an invitation that is over says so", async () => {
  answers = { Invitation: { data: { invitation: null } } };
  renderAt("/invitation#old");
  expect(await screen.findByRole("heading", { name: "This invitation is not open any more" })).toBeInTheDocument();
});

test("who forgot the password is told the same whether there is an account or not", async () => {
  answers = { RequestPasswordReset: { data: { requestPasswordReset: { sent: true } } } };
  renderAt("/forgot-password");
  await userEvent.type(screen.getByLabelText("E-mail address"), "somebody@acme.test");
  await userEvent.click(screen.getByRole("button", { name: "Send the link" }));
  expect(await screen.findByText(/If there is an account with the address/)).toBeInTheDocument();
});

test("the link of the mail sets a new password, removes passkeys unless told not to, and says what is left", async () => {
  const resetPassword = {
    reset: true,
    passkeysRemoved: 0,
    passkeys: [{ id: "p-1", name: "My phone" }],
    authenticatorConfirmedAt: "2026-11-21T08:00:00Z",
  };
  answers = { ResetPassword: { data: { resetPassword } } };
  renderAt("/reset-password#reset-1");
  await userEvent.type(screen.getByLabelText("New password"), "quite a long one");
  await userEvent.click(screen.getByRole("button", { name: "Change the password" }));
  expect(await screen.findByRole("heading", { name: "Your password is changed" })).toBeInTheDocument();
  const input = { token: "reset-1", newPassword: "quite a long one", removePasskeys: true };
  expect(sent).toHaveBeenLastCalledWith("ResetPassword", input);
  expect(screen.getByText("The passkey “My phone” still signs in.")).toBeInTheDocument();
  expect(screen.getByText("A code of your authenticator app is still asked for.")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/security");
});
