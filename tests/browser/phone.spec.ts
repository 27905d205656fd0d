import { expect, signIn, test } from "./tenantry.ts";

test("on a phone a person is found and every page is reached", async ({ page }) => {
  await signIn(page, "acme", "employee");
  const row = page.getByRole("rowheader").first();
  await expect(row).toBeVisible();
  await row.getByRole("link").tap();
  await expect(page.getByRole("region", { name: "Work" })).toBeVisible();
  for (const name of ["Departments", "Positions", "Locations", "People"]) {
    await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name }).tap();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  }
});
