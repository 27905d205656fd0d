import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type DocumentNode, Kind, OperationTypeNode } from "graphql";
import type { Client } from "graphql-ws";
import { beforeEach, expect, test, vi } from "vitest";
import * as tenant from "../generated/graphql.ts";
import * as operator from "../generated/operator.ts";
import * as platform from "../generated/platform.ts";
import { liveLink } from "../live/connection.ts";
import { createClient } from "./client.ts";
import { request } from "./request.ts";

const manifest = JSON.parse(readFileSync("src/generated/trusted-documents.json", "utf8")) as Record<string, string>;
const trusted = new Set(Object.values(manifest));

const schemas = [tenant, platform, operator];
const documents = schemas
  .flatMap((schema) => Object.entries(schema))
  .flatMap(([name, value]) => {
    const document = value as DocumentNode;
    const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    return operation === undefined ? [] : [{ name, document, operation: operation.operation }];
  });

const sent: string[] = [];
const session = { token: () => Promise.resolve("token"), renew: () => Promise.resolve() };
const connection = {
  subscribe: ({ query }: { query: string }) => {
    sent.push(query);
    return () => undefined;
  },
} as unknown as Client;

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("fetch", (_address: string, { body }: { body: string }) => {
    sent.push((JSON.parse(body) as { query: string }).query);
    return Promise.resolve(Response.json({ data: {} }));
  });
});

test("each document of the manifest is named by its hash", () => {
  for (const [hash, document] of Object.entries(manifest)) {
    expect(createHash("sha256").update(document).digest("hex")).toBe(hash);
  }
});

test("there is nothing in it that this client does not send", () => {
  expect(trusted.size).toBe(documents.length);
});

test.each(documents)("$name is in it as the cache's client sends it", async ({ document, operation }) => {
  const client = createClient(session, "/graphql", liveLink(connection));
  switch (operation) {
    case OperationTypeNode.QUERY:
      await client.query({ query: document, fetchPolicy: "no-cache" }).catch(() => undefined);
      break;
    case OperationTypeNode.MUTATION:
      await client.mutate({ mutation: document, fetchPolicy: "no-cache" }).catch(() => undefined);
      break;
    case OperationTypeNode.SUBSCRIPTION:
      client.subscribe({ query: document }).subscribe(() => undefined);
  }
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  expect(trusted).toContain(sent[0]);
});

test.each(documents)("$name is in it as it is sent without a cache", async ({ document }) => {
  await request("/graphql", document as TypedDocumentNode<unknown, object>, {});
  expect(trusted).toContain(sent[0]);
});
