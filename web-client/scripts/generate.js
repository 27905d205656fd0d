// Writes src/generated/graphql.ts: the types and documents of every operation in src/**/*.graphql, checked against the
// server's schema. The output is not under version control; `dev`, `build`, `lint` and `test` make it first.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse, printSchema, validate } from "graphql";

const schemaFile = new URL("../../schema.graphql", import.meta.url);
const source = new URL("../src/", import.meta.url);
const output = new URL("generated/graphql.ts", source);

const schema = buildSchema(readFileSync(schemaFile, "utf8"));
const documents = readdirSync(source, { recursive: true })
  .filter((path) => path.endsWith(".graphql"))
  .sort()
  .map((path) => ({ location: path, document: parse(readFileSync(new URL(path, source), "utf8")) }));

const everything = { kind: "Document", definitions: documents.flatMap(({ document }) => document.definitions) };
const errors = validate(schema, everything);
if (errors.length > 0) {
  for (const error of errors) console.error(`${error.message}\n`);
  process.exit(1);
}

const text = await codegen({
  filename: output.pathname,
  schema: parse(printSchema(schema)),
  documents,
  config: {
    scalars: { Date: "string", DateTime: "string", Decimal: "string", JSON: "unknown", ID: "string" },
    enumType: "string-literal",
    useTypeImports: true,
    skipTypename: true,
    dedupeFragments: true,
    documentMode: "documentNode",
  },
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations: typescriptOperations, documents: typedDocumentNode },
});

mkdirSync(new URL(".", output), { recursive: true });
// Writing only what changed keeps the development server from reloading for nothing.
let current = "";
try {
  current = readFileSync(output, "utf8");
} catch {
  // The first run.
}
if (current !== text) writeFileSync(output, text);
