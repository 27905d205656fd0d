import { expect, hosts, signIn, test } from "./tenantry.ts";

test("a missing asset is a real 404, any other path is the client's", async ({ page }) => {
  await page.goto(hosts.acme);
  const statusOf = (path: string) =>
    page.evaluate(async (path) => {
      const response = await fetch(path);
      return { status: response.status, html: (await response.text()).includes('id="root"') };
    }, path);
  expect(await statusOf("/assets/index-00000000.js")).toEqual({ status: 404, html: false });
  expect(await statusOf("/no-such-file.png")).toEqual({ status: 404, html: false });
  expect(await statusOf("/employees/anything")).toEqual({ status: 200, html: true });
});

test("a deep link leads to its page, and a wrong one says so", async ({ page }) => {
  await signIn(page, "acme", "employee");
  await page.getByRole("rowheader").getByRole("link").first().click();
  await expect(page.getByRole("region", { name: "Work" })).toBeVisible();
  const name = await page.getByRole("heading", { level: 1 }).textContent();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name ?? "");
  await page.goto(`${hosts.acme}/employees/anything`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Person not found");
  await page.goto(`${hosts.acme}/no/such/page`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Page not found");
});

test("assets come compressed and for ever, pages are asked for again", async ({ page }) => {
  const responses = new Map<string, Record<string, string>>();
  page.on("response", (response) => responses.set(new URL(response.url()).pathname, response.headers()));
  await page.goto(hosts.acme);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const scripts = [...responses].filter(([path]) => path.startsWith("/assets/") && path.endsWith(".js"));
  expect(scripts.length).toBeGreaterThan(0);
  for (const [, headers] of scripts) {
    expect(headers["cache-control"]).toContain("immutable");
    expect(headers["etag"]).toMatch(/^"[0-9a-f]{64}/);
  }
  expect(responses.get("/")?.["cache-control"]).toBe("no-cache");
  const policy = responses.get("/")?.["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe/);
});
