import type { Page } from "@playwright/test";
import { linkInMail } from "./mailbox.ts";
import { expect, expectAccessible, expectNoSidewaysScrolling, hosts, signInAs, test, uniqueName } from "./tenantry.ts";

const secret = "correct horse battery";

/** Fills in the form of the apex and sends it. Says where the mail goes, and what the address is. */
async function signUp(page: Page, name = uniqueName()): Promise<{ name: string; slug: string; email: string }> {
  const slug = name.toLowerCase();
  const email = `ada@${slug}.test`;
  await page.goto(hosts.apex);
  await page.getByRole("link", { name: "Set up a new organisation" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Set up an organisation");
  await page.getByLabel("Name of the organisation").fill(name);
  await expect(page.getByLabel("Address", { exact: true })).toHaveValue(slug);
  await expect(page.getByRole("status")).toHaveText(`${slug}.localhost is free.`);
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Look into your mail");
  return { name, slug, email };
}

/** Waits for the first steps of the new organisation, some pages away. */
async function expectInside(page: Page, slug: string): Promise<void> {
  await expect(page.getByRole("heading", { name: "First steps" })).toBeVisible({ timeout: 30_000 });
  expect(new URL(page.url()).hostname).toBe(`${slug}.localhost`);
}

test("an organisation signs up, and its owner is led into it", async ({ page }) => {
  const { name, email, slug } = await signUp(page);
  await page.goto(await linkInMail(email, "confirm-sign-up"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Set up ${name}`);
  // In the browser that asked, nothing more is to be proved.
  await expect(page.getByLabel("The password that you chose")).toBeHidden();
  await page.getByRole("button", { name: "Confirm" }).click();
  await expectInside(page, slug);
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);

  await page.getByRole("main").getByRole("link", { name: "Departments" }).click();
  await page.getByRole("button", { name: "New department" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Everything");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "People" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "Create a department" })).toContainText("(done)");
});

test("in another browser the password shows who asked, and the first one notices", async ({ page, browser }) => {
  const { name, email, slug } = await signUp(page);
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(await linkInMail(email, "confirm-sign-up"));
  await expect(other.getByRole("heading", { level: 1 })).toHaveText(`Set up ${name}`);
  await other.getByLabel("The password that you chose").fill("not the password");
  await other.getByRole("button", { name: "Confirm" }).click();
  await expect(other.getByText("This is not the password that was chosen.")).toBeVisible();
  await expectAccessible(other);
  await other.getByLabel("The password that you chose").fill(secret);
  await other.getByRole("button", { name: "Confirm" }).click();
  await expectInside(other, slug);
  await context.close();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your organisation is ready");
  await page.getByRole("link", { name: "Go there" }).click();
  await signInAs(page, email, secret);
  await expectInside(page, slug);
});

test("an address that is taken meanwhile is changed at the confirmation", async ({ page, browser }) => {
  const context = await browser.newContext();
  const rival = await context.newPage();
  const { name, slug } = await signUp(page);
  // The same address by somebody else, who is faster.
  await rival.goto(`${hosts.apex}/sign-up`);
  await rival.getByLabel("Name of the organisation").fill(name);
  await rival.getByLabel("Your name").fill("Grace");
  await rival.getByLabel("E-mail address").fill(`grace@${slug}.test`);
  await rival.getByLabel("Password", { exact: true }).fill(secret);
  await rival.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(rival.getByRole("heading", { level: 1 })).toHaveText("Look into your mail");
  await rival.goto(await linkInMail(`grace@${slug}.test`, "confirm-sign-up"));
  await rival.getByRole("button", { name: "Confirm" }).click();
  await expectInside(rival, slug);
  await context.close();

  await page.goto(await linkInMail(`ada@${slug}.test`, "confirm-sign-up"));
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByLabel("Address", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: `Use ${slug}-2` }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
  await expectInside(page, `${slug}-2`);
});

test("an address is proposed, looked at while one types, and explained", async ({ page }) => {
  await page.goto(`${hosts.apex}/sign-up`);
  await page.getByLabel("Name of the organisation").fill("Café Ørsted & Söhne");
  const address = page.getByLabel("Address", { exact: true });
  await expect(address).toHaveValue("cafe-orsted-sohne");
  for (const [typed, said] of [
    ["acme", "This address is taken. Please choose another one."],
    ["www", "This address is reserved."],
    ["a_b", "An address consists of lower-case letters a to z, digits and hyphens."],
  ] as const) {
    await address.fill(typed);
    await expect(page.getByRole("status")).toHaveText(said);
  }
  // What was chosen by hand stays when the name changes.
  await page.getByLabel("Name of the organisation").fill("Another");
  await expect(address).toHaveValue("a_b");
  await page.getByRole("button", { name: "Use a-b", exact: true }).click();
  await expect(address).toHaveValue("a-b");
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByText("Choose a password.")).toBeVisible();
  await expect(page.getByText("Enter your name.")).toBeVisible();
});
