import { call, codeOf, expect, hosts, newMember, signIn, test, uniqueName } from "./tenantry.ts";
import { linkInMail } from "./mailbox.ts";

test("a member gets another role, and is removed", async ({ page, browser }) => {
  const { name } = await newMember(page, browser);
  const context = await browser.newContext();
  const owner = await context.newPage();
  await signIn(owner, "acme", "owner", "/members");
  const row = owner.getByRole("row", { name: new RegExp(name) });
  await row.getByRole("button", { name: `Actions for ${name}` }).click();
  await owner.getByRole("menuitem", { name: "Change role" }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByLabel("Role").selectOption({ label: "Human resources" });
  await dialog.getByRole("button", { name: "Change" }).click();
  await expect(row).toContainText("Human resources");

  // What the member may do has changed with it.
  await page.reload();
  await expect(page.getByRole("link", { name: "Hire someone" })).toBeVisible();

  await row.getByRole("button", { name: `Actions for ${name}` }).click();
  await owner.getByRole("menuitem", { name: "Remove" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);
  await page.goto(`${hosts.acme}/departments`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Sign in to Acme/);
  await context.close();
});

test("an invitation is withdrawn, and its link is over", async ({ page, browser }) => {
  const email = `${uniqueName().toLowerCase()}@acme.test`;
  await signIn(page, "acme", "owner", "/members");
  await page.getByRole("button", { name: "Invite someone" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await expect(dialog.getByLabel("E-mail address")).toBeFocused();
  await dialog.getByLabel("E-mail address").fill(email);
  await dialog.getByRole("button", { name: "Invite" }).click();
  await expect(dialog).toBeHidden();
  const link = await linkInMail(email, "invitation");

  await page.getByRole("button", { name: `Actions for ${email}` }).click();
  await page.getByRole("menuitem", { name: "Withdraw" }).click();
  await dialog.getByRole("button", { name: "Withdraw" }).click();
  await expect(page.getByRole("rowheader", { name: email })).toHaveCount(0);
  const context = await browser.newContext();
  const invited = await context.newPage();
  await invited.goto(link);
  await expect(invited.getByRole("heading", { level: 1 })).toHaveText("This invitation is not open any more");
  await context.close();
});

test("who may not manage members, keys and sign-in finds no way to", async ({ page }) => {
  await signIn(page, "acme", "hr");
  await page.getByRole("button", { name: /^Account/ }).click();
  await expect(page.getByRole("menuitem", { name: "Security" })).toBeVisible();
  for (const name of ["Members", "API keys", "Identity provider"]) {
    await expect(page.getByRole("menuitem", { name })).toHaveCount(0);
  }
  await page.goto(`${hosts.acme}/members`);
  await expect(page.getByText("You may not manage the members")).toBeVisible();
});

test("an API key does what it may and no more, until it is ended", async ({ page }) => {
  const name = uniqueName();
  await signIn(page, "acme", "owner", "/settings/api-keys");
  await page.getByRole("button", { name: "New API key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Create" }).click();
  const token = (await dialog.locator(".secret").textContent()) ?? "";
  expect(token).toMatch(/^tnt_/);
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText("The directory");
  await expect(page.getByText(token)).toHaveCount(0);

  const question = { query: "{ viewer { name account { id } } employees(first: 1) { totalCount } }" };
  const answer = await call(page, question, token);
  expect(answer.body).toMatchObject({ data: { viewer: { name, account: null } } });
  const audit = { query: "{ auditEvents(first: 1) { nodes { id } } }" };
  expect(codeOf((await call(page, audit, token)).body)).toBe("FORBIDDEN");

  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "End" }).click();
  await dialog.getByRole("button", { name: "End" }).click();
  await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText("Ended");
  await expect(async () => {
    expect(codeOf((await call(page, question, token)).body)).toBe("UNAUTHENTICATED");
  }).toPass();
});

test("an identity provider that does not answer is refused beside its input", async ({ page }) => {
  await signIn(page, "globex", "owner", "/settings/sign-in");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.getByLabel("Name").fill("Example");
  await page.getByLabel("Issuer").fill("https://login.invalid");
  await page.getByLabel("Client ID").fill("tenantry");
  await page.getByRole("button", { name: "Add a value" }).click();
  await page.getByRole("textbox", { name: "Value 1" }).fill("people");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Claim")).toHaveAccessibleDescription(/Enter the claim/);
  await page.getByLabel("Claim").fill("groups");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Issuer").or(page.getByRole("alert")).first()).toBeFocused();
});
