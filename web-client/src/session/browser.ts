import { apiAddress } from "../api/address.ts";
import { request } from "../api/request.ts";
import { RefreshSessionDocument, SignOutDocument } from "../generated/graphql.ts";
import { type SessionApi, SessionKeeper, type SessionNews, type Surroundings } from "./keeper.ts";

/** What keeps a session on a tenant's host, over HTTP; the refresh token goes by cookie both ways. */
export function sessionApi(address: string): SessionApi {
  return {
    refresh: async () => (await request(address, RefreshSessionDocument, {})).refresh,
    signOut: async () => {
      await request(address, SignOutDocument, {});
    },
  };
}

/** The browser's clock and timers, and its locks and channel between tabs, which go by the name. */
export function browserSurroundings<Who>(name: string): Surroundings<Who> {
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  // Absent from the type where it may be absent in fact: an address that is neither https nor localhost.
  const locks = navigator.locks as LockManager | undefined;
  return {
    now: () => Date.now(),
    exclusively: async (work) => (locks === undefined ? work() : await locks.request(name, work)),
    announce: (news) => channel?.postMessage(news),
    listen: (listener) => {
      channel?.addEventListener("message", (event: MessageEvent<SessionNews<Who>>) => listener(event.data));
    },
    later: (delay, work) => {
      const timer = setTimeout(work, delay);
      return () => clearTimeout(timer);
    },
  };
}

/** The keeper of this page's session on a tenant's host. */
export function browserSession(): SessionKeeper {
  return new SessionKeeper(sessionApi(apiAddress(window.location)), browserSurroundings("tenantry-session"));
}
