import { ApolloLink, execute, gql } from "@apollo/client";
import { ApolloClient, InMemoryCache } from "@apollo/client";
import { firstValueFrom, of } from "rxjs";
import { beforeEach, expect, test, vi } from "vitest";
import { authorisedLink } from "./client.ts";

let token: string | null = "old";
const keeper = {
  token: vi.fn(() => Promise.resolve(token)),
  renew: vi.fn(() => {
    token = "new";
    return Promise.resolve();
  }),
};
const client = new ApolloClient({ link: ApolloLink.empty(), cache: new InMemoryCache() });

function send(answer: (authorization: string | undefined) => ApolloLink.Result) {
  const sent: (string | undefined)[] = [];
  const transport = new ApolloLink((operation) => {
    const { headers } = operation.getContext() as { headers: Record<string, string> };
    sent.push(headers["authorization"]);
    return of(answer(headers["authorization"]));
  });
  const link = authorisedLink(keeper, transport);
  const result = firstValueFrom(execute(link, { query: gql("{ viewer { role } }") }, { client }));
  return { sent, result };
}

const refused = { errors: [{ message: "The token has expired.", extensions: { code: "UNAUTHENTICATED" } }] };
const granted = { data: { viewer: null } };

beforeEach(() => {
  token = "old";
  keeper.renew.mockClear();
});

test("an operation carries the access token", async () => {
  const { sent, result } = send(() => granted);
  expect(await result).toEqual(granted);
  expect(sent).toEqual(["Bearer old"]);
  expect(keeper.renew).not.toHaveBeenCalled();
});

test("a refused token is renewed and the operation sent once more", async () => {
  const { sent, result } = send((authorization) => (authorization === "Bearer new" ? granted : refused));
  expect(await result).toEqual(granted);
  expect(sent).toEqual(["Bearer old", "Bearer new"]);
  expect(keeper.renew).toHaveBeenCalledExactlyOnceWith("old");
});

test("an operation is not sent a third time", async () => {
  const { sent, result } = send(() => refused);
  expect(await result).toEqual(refused);
  expect(sent).toHaveLength(2);
});

test("without a session there is no such header", async () => {
  token = null;
  const { sent, result } = send(() => granted);
  await result;
  expect(sent).toEqual([undefined]);
});
