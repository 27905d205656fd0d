import { ApolloClient, ApolloLink, type FieldPolicy, HttpLink, InMemoryCache, type Reference } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { OperationTypeNode } from "graphql";
import { from, mergeMap } from "rxjs";
import { readProblem } from "./read-problem.ts";
import { accept } from "./request.ts";

/** What gives the access token of each request; a session's keeper, on either kind of host. */
export interface TokenSource {
  token(): Promise<string | null>;
  renew(stale: string | null): Promise<void>;
}

interface Sent {
  /** The access token that the operation was sent with. */
  sentToken?: string | null;
  /** Whether the operation has been sent a second time already. */
  sentAgain?: boolean;
}

/** Sends each operation with the session's access token, and once more with a new one when the server refuses that. */
export function authorisedLink(session: TokenSource, transport: ApolloLink): ApolloLink {
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

interface WholeList {
  nodes: readonly Reference[];
}

/** A list that is wanted whole: a page after another one is joined to it, without what is there already. */
const wholeList: FieldPolicy<WholeList> = {
  keyArgs: false,
  merge: (existing, incoming, { args }) => {
    if (existing === undefined || args?.["after"] == null) return incoming;
    const known = new Set(existing.nodes.map(({ __ref }) => __ref));
    return { ...incoming, nodes: [...existing.nodes, ...incoming.nodes.filter(({ __ref }) => !known.has(__ref))] };
  },
};

/** An empty cache that knows the API's types. */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: { Node: ["Employee", "Department", "Position", "Location"] },
    typePolicies: {
      Query: { fields: { departments: wholeList, positions: wholeList, locations: wholeList } },
      // Parts of one plan, fetched by different queries.
      TenantPlan: { merge: true },
      // Parts of one employee, fetched by different queries.
      Employee: { fields: { directReports: { merge: false } } },
    },
  });
}

/**
 * A client with an empty cache. Each account that signs in gets its own, so that nobody reads what another one saw.
 * `live` takes the subscriptions, where there are any.
 */
export function createClient(session: TokenSource, address: string, live?: ApolloLink): ApolloClient {
  const http = authorisedLink(session, new HttpLink({ uri: address, credentials: "include", headers: { accept } }));
  return new ApolloClient({
    link:
      live === undefined
        ? http
        : ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, live, http),
    cache: createCache(),
    devtools: { enabled: import.meta.env.DEV },
  });
}

/**
 * Makes every list be asked for anew: who is in them, in which order and how many has changed. So may have who reports
 * to the employee that is given.
 */
export function forgetLists(client: ApolloClient, employeeId?: string): void {
  for (const fieldName of ["employees", "departments", "positions", "locations", "auditEvents"]) {
    client.cache.evict({ id: "ROOT_QUERY", fieldName });
  }
  if (employeeId !== undefined) {
    const id = client.cache.identify({ __typename: "Employee", id: employeeId });
    if (id !== undefined) client.cache.evict({ id, fieldName: "directReports" });
  }
  client.cache.gc();
}
