import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { errorsIn, networkProblem, ProblemError, problemOf } from "./problem.ts";

/** The media types that the API answers with, the one that tells a refused request by its status first. */
export const accept = "application/graphql-response+json, application/json;q=0.9";

/**
 * Sends one operation without a cache: for the session, which is there before any cache is.
 *
 * Cookies are sent and taken. Rejects with a {@link ProblemError}.
 */
export async function request<Data, Variables>(
  address: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  let body: string;
  try {
    const response = await fetch(address, {
      method: "POST",
      credentials: "include",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify({ query: print(document), variables }),
    });
    body = await response.text();
  } catch {
    throw new ProblemError(networkProblem);
  }
  const errors = errorsIn(body);
  if (errors !== null) throw new ProblemError(problemOf(errors));
  const data = dataIn(body);
  if (typeof data !== "object" || data === null) throw new ProblemError(networkProblem);
  // The document was checked against the server's schema when its type was made.
  return data as Data;
}

/** The data in the body of an HTTP response, if it is a GraphQL response that has any. */
function dataIn(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && "data" in parsed ? parsed.data : null;
  } catch {
    return null;
  }
}
