// Writes src/generated: the types and documents of every operation in src/**/*.graphql, checked against the server's three
// schemas, and the manifest of trusted documents. The output is not under version control; `dev`, `build`, `lint` and
// `test` make it first.
//
// src/apex speaks to the apex, src/operator to the API of operators there, src/account to both kinds of host, everything else to a tenant's host.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { addTypenameToDocument } from "@apollo/client/utilities";
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse, print, printSchema, validate } from "graphql";
import typescript from "typescript";

const source = new URL("../src/", import.meta.url);
const output = new URL("generated/", source);

const documents = readdirSync(source, { recursive: true })
  .filter((path) => path.endsWith(".graphql"))
  .sort()
  .map((path) => ({ location: path, document: parse(readFileSync(new URL(path, source), "utf8")) }));
const ofApex = documents.filter(({ location }) => location.startsWith("apex/"));
const ofAccount = documents.filter(({ location }) => location.startsWith("account/"));
const ofOperator = documents.filter(({ location }) => location.startsWith("operator/"));
const ofTenant = documents.filter((document) => !ofApex.includes(document) && !ofOperator.includes(document));

const tenantSchema = checked("../../schema.graphql", ofTenant);
const platformSchema = checked("../../schema.platform.graphql", [...ofApex, ...ofAccount]);
const operatorSchema = checked("../../schema.operator.graphql", ofOperator);
mkdirSync(output, { recursive: true });
const modules = [
  await write("graphql.ts", tenantSchema, ofTenant),
  await write("platform.ts", platformSchema, ofApex),
  await write("operator.ts", operatorSchema, ofOperator),
];
await writeManifest(modules);

/** The schema in a file, once every document has been found to fit it. */
function checked(file, among) {
  const schema = buildSchema(readFileSync(new URL(file, import.meta.url), "utf8"));
  const everything = { kind: "Document", definitions: among.flatMap(({ document }) => document.definitions) };
  const errors = validate(schema, everything);
  if (errors.length > 0) {
    for (const error of errors) console.error(`${error.message}\n`);
    process.exit(1);
  }
  return schema;
}

/**
 * Writes a module of types and documents. `__typename`, which the cache needs, is in the documents from the start, so
 * that the same text is sent whichever way an operation takes; the types leave it out.
 */
async function write(name, schema, among) {
  const options = {
    filename: name,
    schema: parse(printSchema(schema)),
    config: {
      scalars: { Date: "string", DateTime: "string", Decimal: "string", JSON: "unknown", ID: "string" },
      enumType: "string-literal",
      useTypeImports: true,
      skipTypename: true,
      dedupeFragments: true,
      documentMode: "documentNode",
    },
  };
  const types = await codegen({
    ...options,
    documents: among,
    plugins: [{ operations: {} }],
    pluginMap: { operations: typescriptOperations },
  });
  const named = among.map(({ location, document }) => ({ location, document: addTypenameToDocument(document) }));
  const constants = await codegen({
    ...options,
    documents: named,
    plugins: [{ documents: {} }],
    pluginMap: { documents: typedDocumentNode },
  });
  const text = `${types}\n${constants}`;
  writeChanged(name, text);
  return text;
}

/** The operations of the modules by the SHA-256 of their text, which is what is sent, byte for byte. */
async function writeManifest(texts) {
  const manifest = {};
  for (const text of texts) {
    const { outputText } = typescript.transpileModule(text, {
      compilerOptions: { module: "ESNext", target: "ES2023" },
    });
    const constants = await import(`data:text/javascript;base64,${Buffer.from(outputText).toString("base64")}`);
    for (const document of Object.values(constants)) {
      if (!document.definitions.some(({ kind }) => kind === "OperationDefinition")) continue;
      const sent = print(document);
      manifest[createHash("sha256").update(sent).digest("hex")] = sent;
    }
  }
  const sorted = Object.fromEntries(Object.entries(manifest).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeChanged("trusted-documents.json", `${JSON.stringify(sorted, null, 1)}\n`);
}

/** Writing only what changed keeps the development server from reloading for nothing. */
function writeChanged(name, text) {
  const file = new URL(name, output);
  let current = "";
  try {
    current = readFileSync(file, "utf8");
  } catch {
    // The first run.
  }
  if (current !== text) writeFileSync(file, text);
}
