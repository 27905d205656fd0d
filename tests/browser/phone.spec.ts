import { inviteOperator, runProgram } from "./program.ts";
import { expect, expectLoaded, expectNoSidewaysScrolling, hosts, password, signIn, test } from "./tenantry.ts";
import { totp } from "./totp.ts";

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

test("on a phone an operator reads what was asked and done, and sees where one is", async ({ page }) => {
  const unique = `ph${Date.now()}`;
  const account = ["--owner-email", `owner@${unique}.test`, "--owner-password", password];
  runProgram("tenant", "create", unique, "--name", `Phone ${unique}`, ...account);
  await page.goto(inviteOperator(`${unique}@operators.test`, "admin"));
  const key = (await page.locator("code.secret").textContent()) ?? "";
  await page.getByLabel("1. Password").fill("the operator's password");
  await page.getByLabel("3. Code").fill(totp(key));
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Organisations");

  await page.goto(`${hosts.apex}/operator/tenants/${unique}`);
  await page.getByRole("button", { name: "Ask to look in…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("The import fails");
  await dialog.getByRole("button", { name: "Ask", exact: true }).click();
  // What there is no column for stands below who asks, in a column that has room for words.
  const asked = page.getByRole("region", { name: "Support access" }).getByRole("rowheader");
  await expect(asked.getByText("The import fails")).toBeVisible();
  expect((await asked.boundingBox())?.width).toBeGreaterThan(100);
  await expectNoSidewaysScrolling(page);

  await page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Events" }).tap();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Events");
  await expectLoaded(page);
  // Details have the whole width of the window.
  const event = page.getByRole("rowheader", { name: new RegExp(unique) }).first();
  expect((await event.boundingBox())?.width).toBeGreaterThan(300);
  const tab = page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name: "Events" });
  await expect(tab).toBeInViewport({ ratio: 0.9 });
  await page.reload();
  await expect(tab).toBeInViewport({ ratio: 0.9 });
  await expectNoSidewaysScrolling(page);
});
