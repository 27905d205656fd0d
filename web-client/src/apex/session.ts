import { apiAddress } from "../api/address.ts";
import { request } from "../api/request.ts";
import {
  PlatformCompletePasskeySignInDocument,
  PlatformCompleteSignInDocument,
  PlatformRefreshSessionDocument,
  type PlatformSessionFieldsFragment,
  PlatformSignInDocument,
  PlatformSignOutDocument,
} from "../generated/platform.ts";
import { browserSurroundings } from "../session/browser.ts";
import type { Entrance } from "../session/entrance.ts";
import { type Grant, type SessionApi, SessionKeeper } from "../session/keeper.ts";

/** Whoever is signed in to the apex: an account, of no organisation in particular. */
export type Account = PlatformSessionFieldsFragment["account"];

/** A session of the apex, as its keeper takes it. */
export function grantOf({ account, ...rest }: PlatformSessionFieldsFragment): Grant<Account> {
  return { ...rest, viewer: account };
}

/** What keeps a session on the apex, over HTTP. */
export function platformSessionApi(address: string): SessionApi<Account> {
  return {
    refresh: async () => grantOf((await request(address, PlatformRefreshSessionDocument, {})).refresh),
    signOut: async () => {
      await request(address, PlatformSignOutDocument, {});
    },
  };
}

/** The ways in on the apex. */
export function platformEntrance(address: string): Entrance<Account> {
  const keepInCookie = true;
  return {
    signIn: async (email, password) =>
      grantOf((await request(address, PlatformSignInDocument, { input: { email, password, keepInCookie } })).signIn),
    complete: async (challenge, factor) =>
      grantOf(
        (await request(address, PlatformCompleteSignInDocument, { input: { challenge, ...factor, keepInCookie } }))
          .completeSignIn,
      ),
    completePasskey: async (challenge, credential) => {
      const input = { challenge, credential, keepInCookie };
      return grantOf((await request(address, PlatformCompletePasskeySignInDocument, { input })).completePasskeySignIn);
    },
  };
}

/** The keeper of this page's session on the apex. */
export function platformSession(): SessionKeeper<Account> {
  return new SessionKeeper(
    platformSessionApi(apiAddress(window.location)),
    browserSurroundings("tenantry-platform-session"),
  );
}
