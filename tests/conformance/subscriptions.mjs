// Watches a tenant with the clients `graphql-ws` and `graphql-sse`, and changes it through another process.
//
//   WRITE_URL=http://127.0.0.1:8000/graphql WATCH_URL=http://127.0.0.1:8001/graphql TENANT_HOST=acme.localhost \
//     TOKEN=... EMPLOYEE=<opaque id> node subscriptions.mjs
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { Readable } from "node:stream";

import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws";

const { WRITE_URL, WATCH_URL, TENANT_HOST: host, TOKEN, EMPLOYEE } = process.env;
const CHANGES = "subscription { employeesChanged { kind employee { givenName } } }";
const RENAME = "mutation($input: UpdateEmployeeInput!) { updateEmployee(input: $input) { employee { version } } }";

/** `fetch` with the Host header of the tenant, which `fetch` itself does not let one set. */
function fetchFn(target, init = {}) {
  const headers = { ...init.headers, host };
  if (init.body !== undefined && init.body !== null) headers["content-length"] = Buffer.byteLength(init.body);
  return new Promise((resolve, reject) => {
    const options = { method: init.method ?? "GET", headers, signal: init.signal };
    const request = httpRequest(new URL(target), options, (response) => {
      response.on("error", () => {});
      const { statusCode: status, statusMessage: statusText } = response;
      resolve(new Response(Readable.toWeb(response), { status, statusText, headers: { "content-type": response.headers["content-type"] } }));
    });
    request.on("error", reject);
    request.end(init.body ?? undefined);
  });
}

async function rename(givenName) {
  const body = JSON.stringify({ query: RENAME, variables: { input: { id: EMPLOYEE, givenName } } });
  const headers = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
  const answer = await (await fetchFn(WRITE_URL, { method: "POST", headers, body })).json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer));
}

class Socket extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers: { host } });
  }
}

const clients = [];
function ws(options = {}) {
  const client = createWsClient({
    url: WATCH_URL.replace("http", "ws"),
    webSocketImpl: Socket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    connectionParams: () => ({ authorization: `Bearer ${TOKEN}` }),
    ...options,
  });
  clients.push(client);
  return client;
}

function sse(options = {}) {
  const client = createSseClient({ url: WATCH_URL, fetchFn, retryAttempts: 0, headers: { authorization: `Bearer ${TOKEN}` }, ...options });
  clients.push(client);
  return client;
}

const next = async (results) => (await results.next()).value;

/** Renames until the subscription hears of it: neither protocol says when one has begun. */
async function untilTold(results, name) {
  const first = results.next();
  let told = false;
  first.then(() => (told = true), () => (told = true));
  for (let attempt = 0; !told && attempt < 100; attempt += 1) {
    await rename(`${name} ${attempt}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { value } = await first;
  assert.equal(value.errors, undefined, JSON.stringify(value));
  assert.equal(value.data.employeesChanged.kind, "UPDATED");
  assert.match(value.data.employeesChanged.employee.givenName, new RegExp(`^${name} `));
}

/** The rejection of a subscription that is not begun. */
const refusal = (results) => results.next().then((result) => assert.fail(JSON.stringify(result)), (error) => error);

const cases = {
  "graphql-ws: a subscription is told of changes": async () => {
    const results = ws().iterate({ query: CHANGES });
    await untilTold(results, "Ws");
    await results.return();
  },
  "graphql-ws: variables and operation names": async () => {
    const query = `query Other { __typename } subscription Watched($filter: EmployeeChangeFilter) { employeesChanged(filter: $filter) { kind employee { givenName } } }`;
    const results = ws().iterate({ query, operationName: "Watched", variables: { filter: { employeeId: EMPLOYEE } } });
    await untilTold(results, "Named");
    await results.return();
  },
  "graphql-ws: a query is answered and completed": async () => {
    const results = ws().iterate({ query: "{ viewer { role } }" });
    assert.deepEqual(await next(results), { data: { viewer: { role: "HR" } } });
    assert.equal((await results.next()).done, true);
  },
  "graphql-ws: what is not valid is an error of its operation alone": async () => {
    const client = ws();
    const errors = await refusal(client.iterate({ query: "subscription { nothing }" }));
    assert.equal(errors[0].extensions.code, "BAD_USER_INPUT");
    assert.deepEqual(await next(client.iterate({ query: "{ __typename }" })), { data: { __typename: "Query" } });
  },
  "graphql-ws: a wrong token closes with 4403": async () => {
    const closed = await refusal(ws({ lazy: true, connectionParams: { authorization: "Bearer nonsense" } }).iterate({ query: CHANGES }));
    assert.equal(closed.code, 4403, String(closed));
    assert.equal(closed.reason, "UNAUTHENTICATED");
  },
  "graphql-ws: pings are answered": async () => {
    const pong = new Promise((resolve) => {
      ws({ keepAlive: 50, on: { pong: (received) => received && resolve() } });
    });
    await pong;
  },
  "graphql-sse: a subscription is told of changes": async () => {
    const results = sse().iterate({ query: CHANGES });
    await untilTold(results, "Sse");
    await results.return();
  },
  "graphql-sse: a query is answered and completed": async () => {
    const results = sse().iterate({ query: "{ viewer { role } }" });
    assert.deepEqual(await next(results), { data: { viewer: { role: "HR" } } });
    assert.equal((await results.next()).done, true);
  },
  "graphql-sse: what is not valid is told within the stream": async () => {
    const results = sse().iterate({ query: "subscription { nothing }" });
    assert.equal((await next(results)).errors[0].extensions.code, "BAD_USER_INPUT");
    assert.equal((await results.next()).done, true);
  },
  "graphql-sse: a wrong token is refused": async () => {
    const error = await refusal(sse({ headers: { authorization: "Bearer nonsense" } }).iterate({ query: CHANGES }));
    assert.equal(error.response?.status, 401, String(error));
  },
};

let passed = 0;
for (const [name, run] of Object.entries(cases)) {
  const patience = new Promise((_, reject) => setTimeout(() => reject(new Error("nothing came in 20 seconds")), 20_000).unref());
  try {
    await Promise.race([run(), patience]);
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    console.log(`FAIL  ${name}: ${error?.stack ?? JSON.stringify(error)}`);
  }
}
for (const client of clients) await client.dispose();
console.log(`${passed} of ${Object.keys(cases).length} passed`);
process.exit(passed === Object.keys(cases).length ? 0 : 1);
