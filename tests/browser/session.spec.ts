import { expect, hosts, signIn, test } from "./tenantry.ts";

test("the keyboard alone signs in", async ({ page }) => {
  await page.goto(hosts.acme);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Sign in to Acme/);
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("E-mail address")).toBeFocused();
  await page.keyboard.type("employee@acme.test");
  await page.keyboard.press("Tab");
  await page.keyboard.type("tenantry-demo");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("People");

  // Past the head, straight to the content.
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("searchbox", { name: "Search" })).toBeFocused();
});

test("errors stand beside the inputs and take the focus", async ({ page }) => {
  await page.goto(hosts.acme);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByLabel("E-mail address")).toBeFocused();
  await expect(page.getByLabel("E-mail address")).toHaveAccessibleDescription("Enter your e-mail address.");
  await page.getByLabel("E-mail address").fill("employee@acme.test");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toBeFocused();
});

test("a reload keeps the session, and the page that was open", async ({ page }) => {
  await signIn(page, "acme", "employee", "/departments");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Departments");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Departments");
  expect(await page.evaluate(() => ({ ...localStorage, ...sessionStorage }))).toEqual({});
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

test("signing out ends the session in every tab and on the server", async ({ page, context }) => {
  await signIn(page, "acme", "employee");
  const other = await context.newPage();
  await other.goto(`${hosts.acme}/positions`);
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Positions");

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Sign in to Acme/);
  await expect(other.getByRole("heading", { level: 1 })).toHaveText(/Sign in to Acme/);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Sign in to Acme/);
});

test("a token that the server no longer takes is renewed without a word", async ({ page }) => {
  await signIn(page, "acme", "employee");
  let refused = 0;
  await page.route("**/graphql", async (route) => {
    if (refused > 0 || !(route.request().postData() ?? "").includes("Departments")) return route.continue();
    refused += 1;
    await route.fulfill({
      status: 401,
      contentType: "application/json",
      body: JSON.stringify({
        errors: [{ message: "The token has expired.", extensions: { code: "UNAUTHENTICATED" } }],
      }),
    });
  });
  await page.goto(`${hosts.acme}/departments`);
  await expect(page.getByRole("link", { name: /\w/ }).nth(6)).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Departments");
  await expect(page.getByRole("list").last()).toBeVisible();
  expect(refused).toBe(1);
});

test("two tabs at once keep one session", async ({ page, context }) => {
  await signIn(page, "acme", "employee");
  const others = await Promise.all([1, 2, 3].map(() => context.newPage()));
  await Promise.all(others.map((other) => other.goto(hosts.acme)));
  for (const other of others) await expect(other.getByRole("heading", { level: 1 })).toHaveText("People");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("People");
});

test("a server that cannot be reached is named, and the page goes on when it is back", async ({ page }) => {
  await page.route("**/graphql", (route) => route.abort());
  await page.goto(hosts.acme);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("No connection to the server");
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Sign in to Acme/);
});

for (const [code, heading] of [
  ["TENANT_SUSPENDED", "This organisation is suspended"],
  ["TENANT_MIGRATING", "This organisation is being updated"],
] as const) {
  test(`an organisation that answers ${code} has a page that says so`, async ({ page }) => {
    await page.route("**/graphql", (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/json",
        body: JSON.stringify({ errors: [{ message: "Not now.", extensions: { code } }] }),
      }),
    );
    await page.goto(hosts.acme);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  });
}
