import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { namesShown, signIn, test } from "./tenantry.ts";

// `npm run screenshot` renews the picture in the documents.
test("the directory of acme", async ({ page }) => {
  const file = fileURLToPath(new URL("../../docs/screenshot.png", import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  await signIn(page, "acme", "hr");
  await namesShown(page);
  await page.screenshot({ path: file });
});
