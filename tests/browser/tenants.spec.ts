import { accessToken, call, codeOf, expect, hosts, namesShown, signIn, test } from "./tenantry.ts";

test("each tenant has its own people", async ({ page }) => {
  await signIn(page, "acme", "hr");
  await expect(page.getByRole("banner")).toContainText("Acme");
  const acme = await namesShown(page);
  expect(acme.length).toBe(25);

  await signIn(page, "globex", "hr");
  await expect(page.getByRole("banner")).toContainText("Globex");
  const globex = await namesShown(page);
  expect(globex.length).toBe(25);
  expect(globex).not.toEqual(acme);

  // The session at acme is still there, and still acme's.
  await page.goto(hosts.acme);
  expect(await namesShown(page)).toEqual(acme);
});

test("an account of one tenant cannot sign in to the other", async ({ page }) => {
  await page.goto(hosts.globex);
  await page.getByLabel("E-mail address").fill("hr@acme.test");
  await page.getByLabel("Password", { exact: true }).fill("tenantry-demo");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Sign in to Globex/);
});

test("a token of one tenant is refused by the other", async ({ page }) => {
  await page.goto(hosts.acme);
  const token = await accessToken(page, "acme", "owner");
  const question = { query: "{ employees(first: 1) { nodes { name } } }" };
  expect(codeOf((await call(page, question, token)).body)).toBeUndefined();

  await page.goto(hosts.globex);
  const { status, body } = await call(page, question, token);
  expect(codeOf(body)).toBe("TENANT_MISMATCH");
  expect(status).toBe(403);
  expect(body).not.toHaveProperty("data.employees");
});

test("a person of one tenant does not exist in the other", async ({ page }) => {
  await signIn(page, "acme", "hr");
  await page.getByRole("rowheader").getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "Work" })).toBeVisible();
  const path = new URL(page.url()).pathname;

  await signIn(page, "globex", "hr", path);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Person not found");
});

test("the apex leads to an organisation whose address one knows", async ({ page }) => {
  await page.goto(hosts.apex);
  await page.getByRole("link", { name: "Go to your organisation’s address instead" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Find your organisation");
  const field = page.getByLabel("Your organisation’s address");
  await field.fill("not a name");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(field).toBeFocused();
  await expect(page.getByText("Enter a name of letters")).toBeVisible();
  await field.fill("acme");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(`${hosts.acme}/`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Sign in to Acme/);
});

test("an address of no organisation says so", async ({ page }) => {
  await page.goto(hosts.unknown);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no organisation at this address");
  await page.getByLabel("Your organisation’s address").fill("globex");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page).toHaveURL(`${hosts.globex}/`);
});
