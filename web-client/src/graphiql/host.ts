import { apiAddress, looksLikeApex } from "../api/address.ts";
import type { TokenSource } from "../api/client.ts";
import { readProblem } from "../api/read-problem.ts";
import { platformSession } from "../apex/session.ts";
import { browserSession } from "../session/browser.ts";

/** The session that GraphiQL asks with, and what it asks first. */
export interface ExplorerHost {
  apex: boolean;
  address: string;
  session: TokenSource;
  /** The name and address of whoever is signed in. */
  person: { name: string; email: string } | null;
}

/** Finds out whose host this is, and takes up its session. Without one there is still what anyone may ask. */
export async function findHost(): Promise<ExplorerHost> {
  const address = apiAddress(window.location);
  const tenant = async (): Promise<ExplorerHost> => {
    const session = browserSession();
    await session.start();
    const viewer = session.current()?.viewer;
    const person = viewer === undefined ? null : { name: viewer.name, email: viewer.account?.email ?? "" };
    return { apex: false, address, session, person };
  };
  const apex = async (): Promise<ExplorerHost> => {
    const session = platformSession();
    await session.start();
    return { apex: true, address, session, person: session.current()?.viewer ?? null };
  };
  const apexFirst = looksLikeApex(window.location);
  const [first, second] = apexFirst ? [apex, tenant] : [tenant, apex];
  try {
    return await first();
  } catch (error) {
    try {
      if (readProblem(error).code === "BAD_USER_INPUT") return await second();
    } catch {
      // Then what the first is without a session.
    }
    return { apex: apexFirst, address, session: apexFirst ? platformSession() : browserSession(), person: null };
  }
}
