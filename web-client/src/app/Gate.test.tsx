import { MantineProvider } from "@mantine/core";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import { MemoryRouter } from "react-router";
import { sessionApi } from "../session/browser.ts";
import { SessionKeeper } from "../session/keeper.ts";
import { hr } from "../test/render.tsx";
import { theme } from "../ui/theme.ts";

// Nothing listens on the other end.
vi.mock("../live/LiveUpdates.tsx", () => ({ LiveUpdates: () => null }));
import { Gate } from "./Gate.tsx";
import { SignedIn } from "./SignedIn.tsx";

const session = { accessToken: "token", accessTokenExpiresAt: "2999-01-01T00:00:00Z", viewer: hr };
const refusal = (code: string, message = "No.") => ({ errors: [{ message, extensions: { code } }] });
const unauthenticated = refusal("UNAUTHENTICATED");

/** What the server answers, by a word of the operation. */
let answers: Record<string, unknown> = {};
const sent = vi.fn();

beforeEach(() => {
  sent.mockClear();
  vi.stubGlobal("fetch", (address: string, { body, credentials }: { body: string; credentials: string }) => {
    const { query, variables } = JSON.parse(body) as { query: string; variables: unknown };
    const name = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? "";
    sent(name, address, credentials, variables);
    const answer = answers[name];
    return answer === undefined
      ? Promise.reject(new TypeError("Failed to fetch"))
      : Promise.resolve(Response.json(answer));
  });
});

function renderGate() {
  const keeper = new SessionKeeper(sessionApi("/graphql"), {
    now: () => Date.now(),
    exclusively: (work) => work(),
    announce: () => undefined,
    listen: () => undefined,
    later: () => () => undefined,
  });
  render(
    <MantineProvider theme={theme} env="test" withCssVariables={false} withGlobalClasses={false}>
      <Gate keeper={keeper}>
        <MemoryRouter>
          <SignedIn>
            <p>The pages</p>
          </SignedIn>
        </MemoryRouter>
      </Gate>
    </MantineProvider>,
  );
  return keeper;
}

test("who has a session goes straight to the pages", async () => {
  answers = {
    Organisation: { data: { tenant: { name: "Acme", identityProviderName: null } } },
    RefreshSession: { data: { refresh: session } },
  };
  renderGate();
  expect(await screen.findByText("The pages")).toBeInTheDocument();
  expect(sent).toHaveBeenCalledWith("RefreshSession", "/graphql", "include", {});
});

test("others sign in first, with the refresh token kept in a cookie", async () => {
  answers = {
    Organisation: { data: { tenant: { name: "Acme", identityProviderName: null } } },
    RefreshSession: unauthenticated,
    SignIn: refusal("UNAUTHENTICATED", "The e-mail address or the password is wrong."),
  };
  const keeper = renderGate();
  expect(await screen.findByRole("heading")).toHaveTextContent("Sign in to Acme");
  await userEvent.type(screen.getByLabelText("E-mail address"), "hr@acme.test");
  await userEvent.type(screen.getByLabelText("Password"), "wrong");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The e-mail address or the password is wrong.");

  answers = { ...answers, SignIn: { data: { signIn: session } }, SignOut: { data: { signOut: { signedOut: true } } } };
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText("The pages")).toBeInTheDocument();
  expect(sent).toHaveBeenLastCalledWith("SignIn", "/graphql", "include", {
    input: { email: "hr@acme.test", password: "wrong", keepInCookie: true },
  });

  await keeper.signOut();
  expect(await screen.findByRole("heading")).toHaveTextContent("Sign in to Acme");
});

test.each([
  ["TENANT_NOT_FOUND", "There is no organisation at this address"],
  ["TENANT_SUSPENDED", "This organisation is suspended"],
  ["TENANT_PAST_DUE", "This organisation is not available"],
  ["TENANT_MAINTENANCE", "This organisation is under maintenance"],
  ["TENANT_DELETING", "This organisation is going to be deleted"],
  ["TENANT_MOVED", "This organisation has a new address"],
  ["TENANT_MIGRATING", "This organisation is being updated"],
  ["RATE_LIMITED", "Too many requests"],
  ["INTERNAL", "Something went wrong"],
])("%s has a page of its own", async (code, title) => {
  answers = { Organisation: refusal(code), RefreshSession: refusal(code) };
  renderGate();
  expect(await screen.findByRole("heading")).toHaveTextContent(title);
  await waitFor(() => expect(document.title).toContain(title));
});

test("what is going to be deleted shows owners where they take that back", async () => {
  const refused = {
    errors: [{ message: "No.", extensions: { code: "TENANT_DELETING", url: "http://localhost:8000" } }],
  };
  answers = { Organisation: refused, RefreshSession: refused };
  renderGate();
  const way = await screen.findByRole("link", { name: "Take the deletion back, as an owner" });
  expect(way).toHaveAttribute("href", "http://localhost:8000");
});

test("what has not been paid for shows owners where they pay, export and delete", async () => {
  const refused = {
    errors: [{ message: "No.", extensions: { code: "TENANT_PAST_DUE", url: "http://localhost:8000" } }],
  };
  answers = { Organisation: refused, RefreshSession: refused };
  renderGate();
  const way = await screen.findByRole("link", { name: "Pay, export or delete it, as an owner" });
  expect(way).toHaveAttribute("href", "http://localhost:8000");
});

test("an operator whose visit is over is not asked to sign in", async () => {
  const support = { reason: "The import fails", consentedBy: "Ann Owner", expiresAt: "2999-01-01T00:00:00Z" };
  const visit = { ...session, viewer: { ...hr, role: null, account: null, support } };
  answers = {
    Organisation: { data: { tenant: { name: "Acme", slug: "acme", identityProviderName: null } } },
    RefreshSession: { data: { refresh: visit } },
  };
  const keeper = renderGate();
  expect(await screen.findByText("The pages")).toBeInTheDocument();
  answers = { ...answers, RefreshSession: unauthenticated };
  await keeper.renew("token");
  expect(await screen.findByRole("heading")).toHaveTextContent("The support access has ended");
  expect(screen.queryByLabelText("Password")).not.toBeInTheDocument();
});

test("a server that is away is asked again when the person wants", async () => {
  answers = {};
  renderGate();
  expect(await screen.findByRole("heading")).toHaveTextContent("No connection to the server");
  answers = {
    Organisation: { data: { tenant: { name: "Acme", identityProviderName: null } } },
    RefreshSession: unauthenticated,
  };
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("heading")).toHaveTextContent("Sign in to Acme");
});
