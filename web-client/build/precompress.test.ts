import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressed } from "./precompress.ts";

test("text that compresses well gets a copy with the same content", () => {
  const content = Buffer.from("employee ".repeat(500));
  const result = compressed("assets/index-abc.js", content);
  expect(result).not.toBeNull();
  expect(result?.length).toBeLessThan(100);
  expect(result === null ? null : brotliDecompressSync(result).toString()).toBe(content.toString());
});

test.each(["assets/font.woff2", "image.png"])("%s is compressed already and stays alone", (path) => {
  expect(compressed(path, Buffer.alloc(4096))).toBeNull();
});

test("a tiny file is not worth a second one", () => {
  expect(compressed("robots.txt", Buffer.from("User-agent: *"))).toBeNull();
});
