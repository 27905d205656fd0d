import { createContext, use } from "react";
import type { SignUpMode } from "../generated/platform.ts";
import type { SessionKeeper } from "../session/keeper.ts";
import type { Account } from "./session.ts";

/** The keeper of the session on the apex. */
export const ApexContext = createContext<SessionKeeper<Account> | null>(null);

/** The keeper of the session on the apex. */
export function useApexKeeper(): SessionKeeper<Account> {
  const keeper = use(ApexContext);
  if (keeper === null) throw new Error("The session is missing.");
  return keeper;
}

/** Who may sign an organisation up. */
export const SignUpModeContext = createContext<SignUpMode>("CLOSED");

/** Who may sign an organisation up. */
export function useSignUpMode(): SignUpMode {
  return use(SignUpModeContext);
}
