import { readFileSync } from "node:fs";
import { ApolloClient, ApolloLink } from "@apollo/client";
import { ApolloProvider } from "@apollo/client/react";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { render } from "@testing-library/react";
import { buildSchema, execute, GraphQLError } from "graphql";
import { createMemoryRouter, RouterProvider } from "react-router";
import type { ReactNode } from "react";
import { delay, from, map } from "rxjs";
import { createCache } from "../api/client.ts";
import { type Operator, OperatorContext } from "../operator/session.ts";
import { ViewerContext } from "../session/context.ts";
import type { Viewer } from "../session/keeper.ts";
import { theme } from "../ui/theme.ts";

/** What the server answers, by the root field: a value or its promise; a refusal is thrown. */
export type Answers = Record<string, (input: Record<string, unknown>) => unknown>;

// The answers go through the server's own schema, so that no test passes by an answer that the server cannot give.
const schema = buildSchema(readFileSync("../schema.graphql", "utf8"));
const platformSchema = buildSchema(readFileSync("../schema.platform.graphql", "utf8"));
const operatorSchema = buildSchema(readFileSync("../schema.operator.graphql", "utf8"));

/** An error as the server sends it. */
export function refusal(
  code: string,
  message: string,
  rest: { field?: string; requestId?: string } = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...rest } });
}

/** An answer that refuses. */
export function refuse(...parameters: Parameters<typeof refusal>): () => never {
  return () => {
    throw refusal(...parameters);
  };
}

export const allPermissions: Viewer["permissions"] = {
  manageEmployees: true,
  manageOrganisation: true,
  readAudit: true,
  manageMembers: true,
  manageApiKeys: true,
  manageSignIn: true,
  manageDomains: true,
  manageTenant: true,
};

/** Someone of human resources. */
export const hr: Viewer = {
  name: "Hana Sato",
  role: "HR",
  account: { id: "account-1", email: "hr@acme.test", name: "Hana Sato" },
  employee: null,
  permissions: {
    ...allPermissions,
    manageMembers: false,
    manageApiKeys: false,
    manageSignIn: false,
    manageDomains: false,
    manageTenant: false,
  },
  support: null,
};

/** Someone who may do everything. */
export const owner: Viewer = { ...hr, role: "OWNER", permissions: allPermissions };

/** Someone without a right to change anything. */
export const employee: Viewer = {
  ...hr,
  role: "EMPLOYEE",
  permissions: Object.fromEntries(Object.keys(allPermissions).map((name) => [name, false])) as typeof allPermissions,
};

/** Empty lists of what an employee can be given. */
export const noChoices: Answers = {
  departments: () => list([]),
  positions: () => list([]),
  locations: () => list([]),
};

/** A connection without further pages. */
export function list(nodes: unknown[], rest: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    totalCount: nodes.length,
    nodes,
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    ...rest,
  };
}

/** An operator who may change everything. */
export const admin: Operator = { id: "operator-1", name: "Olga Operator", email: "olga@example.test", role: "ADMIN" };

/**
 * Renders a page at an address, with a server that gives these answers: that of an organisation, that of the apex, or for an operator
 * that of the console. Returns the router, which knows the address.
 */
export function renderPage(
  page: ReactNode,
  options: { answers: Answers; viewer?: Viewer; apex?: boolean; operator?: Operator; address?: string; path?: string },
) {
  const ownSchema = options.apex === true ? platformSchema : schema;
  const rootValue = Object.fromEntries(
    Object.entries(options.answers).map(([field, answer]) => [
      field,
      (input: Record<string, unknown>) => answer(input),
    ]),
  );
  const link = new ApolloLink(({ query, variables }) => {
    const result = execute({
      schema: options.operator === undefined ? ownSchema : operatorSchema,
      document: query,
      rootValue,
      variableValues: variables,
    });
    return from(Promise.resolve(result)).pipe(
      delay(0),
      map((answer) => answer as ApolloLink.Result),
    );
  });
  const client = new ApolloClient({ link, cache: createCache(), devtools: { enabled: false } });
  const router = createMemoryRouter([{ path: options.path ?? "*", element: page }], {
    initialEntries: [options.address ?? "/"],
  });
  render(
    <MantineProvider theme={theme} env="test" withCssVariables={false} withGlobalClasses={false}>
      <Notifications />
      <ViewerContext value={options.viewer ?? hr}>
        <OperatorContext value={options.operator ?? null}>
          <ApolloProvider client={client}>
            <RouterProvider router={router} useTransitions={false} />
          </ApolloProvider>
        </OperatorContext>
      </ViewerContext>
    </MantineProvider>,
  );
  return router;
}
