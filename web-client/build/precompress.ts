import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { Plugin } from "vite";

const compressible = /\.(?:css|html|js|json|map|svg|ttf|txt|webmanifest|xml)$/;

/** What brotli makes of a file, or null where it does not save at least a tenth. */
export function compressed(path: string, content: Buffer): Buffer | null {
  if (!compressible.test(path) || content.length < 512) return null;
  const result = brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  return result.length < content.length * 0.9 ? result : null;
}

/** Writes a `.br` beside each file of the build that compresses well, for the server to send as it is. */
export function precompress(): Plugin {
  let directory = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      directory = join(config.root, config.build.outDir);
    },
    // Not writeBundle: files copied from public/ must be there too.
    closeBundle: {
      order: "post",
      sequential: true,
      handler() {
        for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
          const path = join(directory, name);
          if (!statSync(path).isFile()) continue;
          const result = compressed(path, readFileSync(path));
          if (result !== null) writeFileSync(`${path}.br`, result);
        }
      },
    },
  };
}
