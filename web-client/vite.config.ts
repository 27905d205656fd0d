import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { graphiqlAddress } from "./build/graphiql-address.ts";
import { precompress } from "./build/precompress.ts";
import { trustedDocuments } from "./build/trusted-documents.ts";

export default defineConfig({
  plugins: [react(), graphiqlAddress(), trustedDocuments(), precompress()],
  server: {
    host: "localhost",
    port: 5173,
    strictPort: true,
    // The tenants' hosts (acme.localhost) as well as the apex.
    allowedHosts: [".localhost"],
  },
  optimizeDeps: {
    // It imports workers, which the bundling of dependencies for development cannot follow.
    exclude: ["graphiql/setup-workers/vite", "@graphiql/react/setup-workers/vite"],
    // What those workers import that is no module of today's kind.
    include: ["graphql-language-service", "graphql-language-service > nullthrows", "picomatch-browser"],
  },
  build: {
    outDir: "dist",
    assetsDir: "assets",
    sourcemap: false,
    // An inlined file would be a data: address, which the Content-Security-Policy allows for images and fonts only.
    assetsInlineLimit: 0,
    // Monaco alone is larger than the usual limit; it is loaded by the GraphiQL page only.
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: {
        index: "index.html",
        graphiql: "graphiql.html",
      },
    },
  },
  worker: { format: "es" },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://acme.localhost:8000/" } },
    setupFiles: ["src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}", "build/**/*.test.ts"],
    restoreMocks: true,
    // A person's typing is imitated key by key, which takes its time on a busy machine.
    testTimeout: 30_000,
    css: false,
  },
});
