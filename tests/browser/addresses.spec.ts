import { expect, expectAccessible, expectNoSidewaysScrolling, signIn, test, uniqueName } from "./tenantry.ts";

test("an address is claimed, its record copied, looked for, and the claim given up", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const hostname = `hr.${uniqueName().toLowerCase()}.example`;
  await signIn(page, "acme", "owner");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Addresses" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Addresses");
  const builtIn = page.getByRole("region", { name: "acme.localhost" });
  await expect(builtIn).toContainText("Primary");
  await expect(builtIn.getByRole("button")).toHaveCount(0);

  await page.getByRole("button", { name: "Add an address" }).click();
  const dialog = page.getByRole("dialog");
  const input = dialog.getByLabel("Domain");
  await input.fill("globex.localhost");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog).toContainText("where every organisation has its address by its slug");
  await expect(input).toBeFocused();
  await expectAccessible(page);
  await input.fill(hostname.toUpperCase());
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog).toBeHidden();

  const card = page.getByRole("region", { name: hostname });
  await expect(card).toContainText("Not proved yet");
  await expect(card).toContainText(`_tenantry.${hostname}`);
  await card.getByRole("button", { name: "Copy the value" }).click();
  await expect(page.getByText("Copied.")).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/^tenantry-domain=\S+$/);
  await expect(card).toContainText(copied);

  await card.getByRole("button", { name: `Check now: ${hostname}` }).click();
  await expect(card).toContainText("DNS did not answer in time.", { timeout: 20_000 });
  await expect(card).toContainText("Last checked");
  await expect(card.getByRole("button", { name: /primary/ })).toHaveCount(0);
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);

  await card.getByRole("button", { name: `Remove ${hostname}` }).click();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(card).toHaveCount(0);
});

test("addresses are for owners and administrators", async ({ page }) => {
  await signIn(page, "acme", "hr", "/settings/addresses");
  await expect(page.getByText("You may not manage the addresses of the organisation")).toBeVisible();
  await page.getByRole("button", { name: /^Account/ }).click();
  await expect(page.getByRole("menuitem", { name: "Security" })).toBeVisible();
  await expect(page.getByRole("menuitem", { name: "Addresses" })).toHaveCount(0);
});
