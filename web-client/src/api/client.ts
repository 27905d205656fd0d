import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { from, mergeMap } from "rxjs";
import type { SessionKeeper } from "../session/keeper.ts";
import { readProblem } from "./read-problem.ts";
import { accept } from "./request.ts";

interface Sent {
  /** The access token that the operation was sent with. */
  sentToken?: string | null;
  /** Whether the operation has been sent a second time already. */
  sentAgain?: boolean;
}

/** Sends each operation with the session's access token, and once more with a new one when the server refuses that. */
export function authorisedLink(session: SessionKeeper, transport: ApolloLink): ApolloLink {
  const sendAgain = new ErrorLink(({ error, operation, forward }) => {
    if (readProblem(error).code !== "UNAUTHENTICATED") return undefined;
    const { sentToken, sentAgain } = operation.getContext() as Sent;
    if (sentAgain === true) return undefined;
    operation.setContext({ sentAgain: true } satisfies Sent);
    const renewal = session.renew(sentToken ?? null).catch(() => undefined);
    return from(renewal).pipe(mergeMap(() => forward(operation)));
  });
  const addToken = new SetContextLink(async (context) => {
    const token = await session.token();
    const headers = context["headers"] as Record<string, string> | undefined;
    return {
      sentToken: token,
      headers: token === null ? { ...headers } : { ...headers, authorization: `Bearer ${token}` },
    };
  });
  return ApolloLink.from([sendAgain, addToken, transport]);
}

/** A client with an empty cache. Each account that signs in gets its own, so that nobody reads what another one saw. */
export function createClient(session: SessionKeeper, address: string): ApolloClient {
  return new ApolloClient({
    link: authorisedLink(session, new HttpLink({ uri: address, credentials: "include", headers: { accept } })),
    cache: new InMemoryCache({
      possibleTypes: { Node: ["Employee", "Department", "Position", "Location"] },
      typePolicies: {
        // Parts of one employee, fetched by different queries.
        Employee: { fields: { directReports: { merge: false } } },
      },
    }),
    devtools: { enabled: import.meta.env.DEV },
  });
}

/** Makes every list be asked for anew: who is in them, in which order and how many has changed. */
export function forgetLists(client: ApolloClient): void {
  for (const fieldName of ["employees", "departments", "positions", "locations", "auditEvents"]) {
    client.cache.evict({ id: "ROOT_QUERY", fieldName });
  }
  client.cache.gc();
}
