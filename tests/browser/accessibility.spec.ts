import { expect, expectAccessible, expectLoaded, expectNoSidewaysScrolling, hosts, signIn, test } from "./tenantry.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("signing in", async ({ page }) => {
      await page.goto(hosts.acme);
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByText("Enter your password.")).toBeVisible();
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    });

    test("no organisation at the address", async ({ page }) => {
      for (const host of [hosts.apex, hosts.unknown]) {
        await page.goto(host);
        await expect(page.getByLabel("Your organisation’s address")).toBeVisible();
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
      }
    });

    for (const path of [
      "/",
      "/?q=nobody-of-this-name",
      "/departments",
      "/positions",
      "/locations",
      "/employees/new",
      "/no-such-page",
    ]) {
      test(`the page ${path}`, async ({ page }) => {
        await signIn(page, "acme", "hr", path);
        await expectLoaded(page);
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
      });
    }

    test("a person, and editing them", async ({ page }) => {
      await signIn(page, "acme", "hr");
      await page.getByRole("rowheader").getByRole("link").first().click();
      await expect(page.getByRole("region", { name: "History" })).toBeVisible();
      await expectLoaded(page);
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
      await page.getByRole("link", { name: "Edit" }).click();
      await expect(page.getByLabel("Family name")).toBeVisible();
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    });

    test("menus and dialogs", async ({ page }) => {
      await signIn(page, "acme", "hr");
      await page.getByRole("button", { name: /^Account/ }).click();
      await expect(page.getByRole("menuitem", { name: "Sign out" })).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press("Escape");

      await page.getByRole("rowheader").getByRole("link").nth(9).click();
      for (const name of ["Transfer", "Change manager", "Terminate"]) {
        await page.getByRole("button", { name }).click();
        await expect(page.getByRole("dialog").getByRole("button", { name: "Cancel" })).toBeVisible();
        await expectAccessible(page);
        await page.keyboard.press("Escape");
        await expect(page.getByRole("dialog")).toBeHidden();
      }
    });
  });
}
