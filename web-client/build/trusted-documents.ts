import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/**
 * Puts the manifest of trusted documents into the build: every operation of this client by the SHA-256 of its text. A
 * server that is told so runs no other (`--trusted-documents`). `scripts/generate.js` makes it with the documents.
 */
export function trustedDocuments(): Plugin {
  return {
    name: "trusted-documents",
    apply: "build",
    generateBundle() {
      this.emitFile({
        type: "asset",
        fileName: "trusted-documents.json",
        source: readFileSync(new URL("../src/generated/trusted-documents.json", import.meta.url), "utf8"),
      });
    },
  };
}
