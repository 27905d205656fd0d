import { beforeEach, describe, expect, test, vi } from "vitest";
import { networkProblem, ProblemError } from "../api/problem.ts";
import type { SessionFieldsFragment } from "../generated/graphql.ts";
import { allPermissions } from "../test/render.tsx";
import { SessionKeeper, type SessionNews, type Surroundings } from "./keeper.ts";

const start = Date.UTC(2026, 10, 21);
const minute = 60_000;

let now = start;
let issued = 0;

function payload(): SessionFieldsFragment {
  issued += 1;
  return {
    accessToken: `token-${issued}`,
    accessTokenExpiresAt: new Date(now + 15 * minute).toISOString(),
    viewer: {
      name: "Hana",
      role: "HR",
      account: { id: "account", email: "hr@acme.test", name: "Hana" },
      employee: null,
      permissions: allPermissions,
      support: null,
    },
  };
}

function unauthenticated(): ProblemError {
  return new ProblemError({ code: "UNAUTHENTICATED", message: "Sign in.", field: null, requestId: null });
}

/** Tabs of one host: they share a lock, hear each other and have a server that counts. */
function host() {
  const listeners: { tab: number; listener: (news: SessionNews) => void }[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  const server = {
    refresh: vi.fn(() => Promise.resolve(payload())),
    signOut: vi.fn(() => Promise.resolve()),
  };
  const timers: { tab: number; delay: number; work: () => void; cancelled: boolean }[] = [];
  let tabs = 0;
  const open = () => {
    const tab = tabs++;
    const surroundings: Surroundings = {
      now: () => now,
      exclusively: (work) => {
        const result = queue.then(work);
        queue = result.catch(() => undefined);
        return result;
      },
      announce: (news) => listeners.filter((other) => other.tab !== tab).forEach((other) => other.listener(news)),
      listen: (listener) => listeners.push({ tab, listener }),
      later: (delay, work) => {
        const timer = { tab, delay, work, cancelled: false };
        timers.push(timer);
        return () => {
          timer.cancelled = true;
        };
      },
    };
    return new SessionKeeper(server, surroundings);
  };
  return { open, server, timers };
}

beforeEach(() => {
  now = start;
  issued = 0;
});

describe("start", () => {
  test("takes up the session of the cookie", async () => {
    const keeper = host().open();
    await keeper.start();
    expect(keeper.current()?.accessToken).toBe("token-1");
  });

  test("without a session leaves nobody signed in", async () => {
    const { open, server } = host();
    server.refresh.mockRejectedValue(unauthenticated());
    const keeper = open();
    await keeper.start();
    expect(keeper.current()).toBeNull();
  });

  test("says so when the server is away", async () => {
    const { open, server } = host();
    server.refresh.mockRejectedValue(new ProblemError(networkProblem));
    await expect(open().start()).rejects.toThrow("could not be reached");
  });
});

describe("renewal", () => {
  test("of many requests at once is one request", async () => {
    const { open, server } = host();
    const keeper = open();
    await keeper.start();
    now += 15 * minute;
    const tokens = await Promise.all([keeper.token(), keeper.token(), keeper.token()]);
    expect(tokens).toEqual(["token-2", "token-2", "token-2"]);
    expect(server.refresh).toHaveBeenCalledTimes(2);
  });

  test("is done by one tab for all", async () => {
    const { open, server } = host();
    const [first, second] = [open(), open()];
    await first.start();
    expect(second.current()?.accessToken).toBe("token-1");
    await Promise.all([first.renew("token-1"), second.renew("token-1")]);
    expect(server.refresh).toHaveBeenCalledTimes(2);
    expect(second.current()).toEqual(first.current());
  });

  test("is not needed for a token that has been replaced", async () => {
    const { open, server } = host();
    const keeper = open();
    await keeper.start();
    await keeper.renew("an older token");
    expect(server.refresh).toHaveBeenCalledTimes(1);
  });

  test("comes by itself a minute before the end", async () => {
    const { open, timers, server } = host();
    const keeper = open();
    await keeper.start();
    const timer = timers.find((candidate) => !candidate.cancelled);
    expect(timer?.delay).toBe(14 * minute);
    timer?.work();
    await vi.waitFor(() => expect(keeper.current()?.accessToken).toBe("token-2"));
    expect(server.refresh).toHaveBeenCalledTimes(2);
  });

  test("does not come with every request when this clock runs ahead", async () => {
    const { open, server } = host();
    server.refresh.mockImplementation(() =>
      Promise.resolve({ ...payload(), accessTokenExpiresAt: new Date(now - 60 * minute).toISOString() }),
    );
    const keeper = open();
    await keeper.start();
    await keeper.token();
    expect(server.refresh).toHaveBeenCalledTimes(1);
  });

  test("that the server refuses signs out; a failing network does not", async () => {
    const { open, server } = host();
    const keeper = open();
    await keeper.start();
    server.refresh.mockRejectedValueOnce(new ProblemError(networkProblem));
    await expect(keeper.renew("token-1")).rejects.toThrow();
    expect(keeper.current()?.accessToken).toBe("token-1");
    server.refresh.mockRejectedValueOnce(unauthenticated());
    await keeper.renew("token-1");
    expect(keeper.current()).toBeNull();
    expect(await keeper.token()).toBeNull();
  });
});

describe("signing in and out", () => {
  test("reaches every tab", async () => {
    const { open } = host();
    const [first, second] = [open(), open()];
    const heard = vi.fn();
    second.subscribe(heard);
    await first.begin(Promise.resolve(payload()));
    expect(second.current()?.viewer.account?.email).toBe("hr@acme.test");
    await second.signOut();
    expect(first.current()).toBeNull();
    expect(heard).toHaveBeenCalledTimes(2);
  });

  test("out happens here even when the server is away", async () => {
    const { open, server } = host();
    const keeper = open();
    await keeper.start();
    server.signOut.mockRejectedValue(new ProblemError(networkProblem));
    await expect(keeper.signOut()).rejects.toThrow();
    expect(keeper.current()).toBeNull();
  });

  test("in with a wrong password leaves things as they are", async () => {
    const { open, server } = host();
    const keeper = open();
    await keeper.start();
    expect(server.refresh).toHaveBeenCalledTimes(1);
    await expect(keeper.begin(Promise.reject(unauthenticated()))).rejects.toThrow("Sign in.");
    expect(keeper.current()?.accessToken).toBe("token-1");
  });
});
