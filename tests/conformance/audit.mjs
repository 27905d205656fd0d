// Runs the audits of `graphql-http` against a server, and fails unless every one of them passes.
//
//   AUDIT_URL=http://127.0.0.1:8000/graphql AUDIT_HOST=acme.localhost node audit.mjs
//
// AUDIT_HOST is sent as the Host header: names under localhost resolve in browsers, but not in Node, and `fetch` does not let
// the header be set. So the requests are made by `http` here.
import { request as httpRequest } from "node:http";

import { serverAudits } from "graphql-http";

/** How many audits the version in package-lock.json has. An update that brings more has to be looked at. */
const EXPECTED = 61;

const url = process.env.AUDIT_URL;
const host = process.env.AUDIT_HOST;
if (!url) {
  console.error("AUDIT_URL is missing, for example http://127.0.0.1:8000/graphql");
  process.exit(2);
}

/** `fetch`, as far as the audits use it, with the Host header of the tenant. */
function fetchFn(target, init = {}) {
  const headers = { accept: "*/*", ...init.headers };
  if (host) headers.host = host;
  if (init.body !== undefined) {
    // What `fetch` does for a text without a type.
    headers["content-type"] ??= "text/plain;charset=UTF-8";
    headers["content-length"] = Buffer.byteLength(init.body);
  }
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(target), { method: init.method ?? "GET", headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(chunks);
        const answerHeaders = new Headers();
        for (const [name, value] of Object.entries(response.headers)) {
          answerHeaders.set(name, Array.isArray(value) ? value.join(", ") : value);
        }
        const { statusCode: status, statusMessage: statusText } = response;
        resolve(new Response(body.length ? body : null, { status, statusText, headers: answerHeaders }));
      });
    });
    request.on("error", reject);
    request.end(init.body);
  });
}

let passed = 0;
let total = 0;
for (const audit of serverAudits({ url, fetchFn })) {
  total += 1;
  const result = await audit.fn();
  if (result.status === "ok") {
    passed += 1;
    console.log(`ok    ${audit.id} ${audit.name}`);
  } else {
    const { response } = result;
    console.log(`${result.status.padEnd(5)} ${audit.id} ${audit.name}: ${result.reason}`);
    console.log(`      ${response.status} ${response.headers.get("content-type")}`);
  }
}
console.log(`${passed} of ${total} audits passed`);
if (passed !== total || total !== EXPECTED) {
  console.error(`expected ${EXPECTED} of ${EXPECTED}`);
  process.exit(1);
}
