import { apiAddress } from "../api/address.ts";
import { request } from "../api/request.ts";
import { RefreshSessionDocument, SignInDocument, SignOutDocument } from "../generated/graphql.ts";
import { type SessionApi, SessionKeeper, type SessionNews, type Surroundings } from "./keeper.ts";

const name = "tenantry-session";

/** The session mutations over HTTP; the refresh token goes by cookie both ways. */
export function sessionApi(address: string): SessionApi {
  return {
    signIn: async (email, password) =>
      (await request(address, SignInDocument, { input: { email, password, keepInCookie: true } })).signIn,
    refresh: async () => (await request(address, RefreshSessionDocument, {})).refresh,
    signOut: async (accessToken) => {
      await request(address, SignOutDocument, {}, accessToken);
    },
  };
}

/** The browser's clock, timers, locks and channel between tabs. */
export function browserSurroundings(): Surroundings {
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  // Absent from the type where it may be absent in fact: an address that is neither https nor localhost.
  const locks = navigator.locks as LockManager | undefined;
  return {
    now: () => Date.now(),
    exclusively: async (work) => (locks === undefined ? work() : await locks.request(name, work)),
    announce: (news) => channel?.postMessage(news),
    listen: (listener) => {
      channel?.addEventListener("message", (event: MessageEvent<SessionNews>) => listener(event.data));
    },
    later: (delay, work) => {
      const timer = setTimeout(work, delay);
      return () => clearTimeout(timer);
    },
  };
}

/** The keeper of this page's session. */
export function browserSession(): SessionKeeper {
  return new SessionKeeper(sessionApi(apiAddress(window.location)), browserSurroundings());
}
