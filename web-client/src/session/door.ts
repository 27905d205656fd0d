import { byPasskey, type Entrance, type SecondFactor } from "./entrance.ts";
import type { SessionKeeper } from "./keeper.ts";

/** What the pages for those who are not signed in need, on either kind of host. Each way in rejects with a ProblemError. */
export interface Door {
  /** What one signs in to: the organisation, or Tenantry on the apex. */
  name: string;
  /** The organisation's label under the base domain; null on the apex. */
  slug: string | null;
  /** The address of the API. */
  address: string;
  /** What members of this organisation know its own identity provider by, where it has one. */
  identityProvider: string | null;
  signIn(email: string, password: string): Promise<void>;
  complete(challenge: string, factor: SecondFactor): Promise<void>;
  passkey(): Promise<void>;
}

/** The door to the sessions that `keeper` keeps. */
export function doorTo<Who>(
  keeper: SessionKeeper<Who>,
  entrance: Entrance<Who>,
  place: Pick<Door, "name" | "slug" | "address" | "identityProvider">,
): Door {
  return {
    ...place,
    signIn: (email, password) => keeper.begin(entrance.signIn(email, password)),
    complete: (challenge, factor) => keeper.begin(entrance.complete(challenge, factor)),
    passkey: () => keeper.begin(byPasskey(entrance, place.address)),
  };
}
