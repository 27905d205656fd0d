import { type ExecutionResult, GraphQLError } from "graphql";
import type { Fetcher } from "@graphiql/toolkit";
import { accept } from "../api/request.ts";
import type { TokenSource } from "../api/client.ts";

/**
 * Sends what GraphiQL asks for, signed in as the session is unless the header editor says otherwise. The response is
 * shown as it came, refusals too.
 */
export function sessionFetcher(session: TokenSource, address: string): Fetcher {
  return async (operation, options) => {
    const token = await session.token();
    const headers = new Headers({ "content-type": "application/json", accept });
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    for (const [name, value] of Object.entries(options?.headers ?? {})) headers.set(name, String(value));
    const response = await fetch(address, {
      method: "POST",
      credentials: "include",
      headers,
      body: JSON.stringify(operation),
    });
    const body = await response.text();
    try {
      return JSON.parse(body) as ExecutionResult;
    } catch {
      return {
        errors: [new GraphQLError(`The server answered ${response.status} without a GraphQL response.`)],
      };
    }
  };
}
