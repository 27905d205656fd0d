import { createContext, use } from "react";
import { operatorApiAddress } from "../api/address.ts";
import { request } from "../api/request.ts";
import {
  CompleteOperatorSetupDocument,
  type CompleteOperatorSetupInput,
  OperatorRefreshDocument,
  type OperatorSessionFieldsFragment,
  OperatorSignInDocument,
  type OperatorSignInInput,
  OperatorSignOutDocument,
} from "../generated/operator.ts";
import { browserSurroundings } from "../session/browser.ts";
import { type Grant, type SessionApi, SessionKeeper } from "../session/keeper.ts";

/** Who is signed in to the console. */
export type Operator = OperatorSessionFieldsFragment["viewer"];

const address = () => operatorApiAddress(window.location);

/** Signs in, by password and code together. */
export async function signIn(input: Omit<OperatorSignInInput, "keepInCookie">): Promise<Grant<Operator>> {
  const answer = await request(address(), OperatorSignInDocument, { input: { ...input, keepInCookie: true } });
  return answer.signIn;
}

/** Sets an account up, and signs in. */
export async function completeSetup(input: Omit<CompleteOperatorSetupInput, "keepInCookie">): Promise<Grant<Operator>> {
  const answer = await request(address(), CompleteOperatorSetupDocument, { input: { ...input, keepInCookie: true } });
  return answer.completeOperatorSetup;
}

/** What keeps a session at the console, over HTTP. */
export function operatorSessionApi(address: string): SessionApi<Operator> {
  return {
    refresh: async () => (await request(address, OperatorRefreshDocument, {})).refresh,
    signOut: async () => {
      await request(address, OperatorSignOutDocument, {});
    },
  };
}

let keeper: SessionKeeper<Operator> | null = null;

/** The keeper of this page's session at the console. */
export function operatorSession(): SessionKeeper<Operator> {
  keeper ??= new SessionKeeper(operatorSessionApi(address()), browserSurroundings("tenantry-operator-session"));
  return keeper;
}

/** Who is signed in to the console. */
export const OperatorContext = createContext<Operator | null>(null);

/** Whether whoever is signed in may change something. */
export function useMayChange(): boolean {
  return use(OperatorContext)?.role === "ADMIN";
}
