import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import {
  BeginPasskeySignInDocument,
  CompletePasskeySignInDocument,
  CompleteSignInDocument,
  SignInDocument,
} from "../generated/graphql.ts";
import { assertion } from "./passkey.ts";
import type { Grant, Viewer } from "./keeper.ts";

/** The second factor: a code of the authenticator, or one of the recovery codes in its place. */
export type SecondFactor = { code: string } | { recoveryCode: string };

/** The ways of a person into a session on one host. Each rejects with a ProblemError. */
export interface Entrance<Who = Viewer> {
  signIn(email: string, password: string): Promise<Grant<Who>>;
  complete(challenge: string, factor: SecondFactor): Promise<Grant<Who>>;
  completePasskey(challenge: string, credential: unknown): Promise<Grant<Who>>;
}

/** The ways in on a tenant's host. */
export function tenantEntrance(address: string): Entrance {
  return {
    signIn: async (email, password) =>
      (await request(address, SignInDocument, { input: { email, password, keepInCookie: true } })).signIn,
    complete: async (challenge, factor) =>
      (await request(address, CompleteSignInDocument, { input: { challenge, ...factor, keepInCookie: true } }))
        .completeSignIn,
    completePasskey: async (challenge, credential) =>
      (await request(address, CompletePasskeySignInDocument, { input: { challenge, credential, keepInCookie: true } }))
        .completePasskeySignIn,
  };
}

/** Signs in by a passkey that the browser offers the person. */
export async function byPasskey<Who>(entrance: Entrance<Who>, address: string): Promise<Grant<Who>> {
  const { challenge, options } = (await request(address, BeginPasskeySignInDocument, {})).beginPasskeySignIn;
  return entrance.completePasskey(challenge, await assertion(options));
}

/** The challenge of a sign-in that still wants the second factor; null for any other refusal. */
export function challengeIn(error: unknown): string | null {
  const { code, challenge } = readProblem(error);
  return code === "SECOND_FACTOR_REQUIRED" ? (challenge ?? null) : null;
}
