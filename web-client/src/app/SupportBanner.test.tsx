import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Door } from "../session/door.ts";
import { DoorContext, KeeperContext } from "../session/context.ts";
import { SessionKeeper, type Viewer } from "../session/keeper.ts";
import { employee, hr, renderPage } from "../test/render.tsx";
import { SupportBanner } from "./SupportBanner.tsx";

const { location } = window;
const assign = vi.fn();
const signedOut = vi.fn(() => Promise.resolve());

const operator: Viewer = {
  ...employee,
  name: "Olga Operator",
  role: null,
  account: null,
  support: { reason: "The import fails", consentedBy: "Ann Owner", expiresAt: "2999-01-01T00:00:00Z" },
};

beforeEach(() => {
  vi.stubGlobal("location", { assign, protocol: "http:", hostname: "acme.localhost", port: "8000" });
});
afterEach(() => {
  vi.stubGlobal("location", location);
  vi.clearAllMocks();
});

async function banner(viewer: Viewer) {
  const keeper = new SessionKeeper(
    { refresh: () => Promise.reject(new Error("not asked")), signOut: signedOut },
    {
      now: () => Date.now(),
      exclusively: (work) => work(),
      announce: () => undefined,
      listen: () => undefined,
      later: () => () => undefined,
    },
  );
  await keeper.begin(Promise.resolve({ accessToken: "t", accessTokenExpiresAt: "2999-01-01T00:00:00Z", viewer }));
  const door = { slug: "acme" } as Door;
  const page = (
    <KeeperContext value={keeper}>
      <DoorContext value={door}>
        <SupportBanner />
      </DoorContext>
    </KeeperContext>
  );
  renderPage(page, { viewer, answers: {} });
}

test("an operator sees by whose leave and until when, and leaves for the console", async () => {
  await banner(operator);
  const status = screen.getByRole("status");
  expect(status).toHaveTextContent(/Support access until .*2999|Support access until .*2998/);
  expect(status).toHaveTextContent("Olga Operator is here by leave of Ann Owner");
  expect(status).toHaveTextContent("The import fails");
  await userEvent.click(screen.getByRole("button", { name: "Leave" }));
  await vi.waitFor(() => expect(assign).toHaveBeenCalledExactlyOnceWith("http://localhost:8000/operator/tenants/acme"));
  expect(signedOut).toHaveBeenCalledOnce();
});

test("nobody else sees it", async () => {
  await banner(hr);
  expect(screen.queryByRole("status")).not.toBeInTheDocument();
});
