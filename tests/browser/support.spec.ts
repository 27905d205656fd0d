import { inviteOperator } from "./program.ts";
import {
  expect,
  expectAccessible,
  expectLoaded,
  expectNoSidewaysScrolling,
  hosts,
  signIn,
  test,
} from "./tenantry.ts";
import { totp } from "./totp.ts";

test("an operator asks, an owner lets in, the operator looks, and the owner ends it", async ({ page, browser }) => {
  const unique = `support${Date.now()}`;
  const email = `${unique}@operators.test`;
  await page.goto(inviteOperator(email, "admin"));
  const key = (await page.locator("code.secret").textContent()) ?? "";
  await page.getByLabel("1. Password").fill("the operator's password");
  await page.getByLabel("3. Code").fill(totp(key));
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Organisations");

  await page.goto(`${hosts.apex}/operator/tenants/globex`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Globex");
  await expectLoaded(page);
  const wide = page.viewportSize();
  await page.setViewportSize({ width: 375, height: 740 });
  await expectNoSidewaysScrolling(page);
  if (wide !== null) await page.setViewportSize(wide);
  await page.getByRole("button", { name: "Ask to look in…" }).click();
  const asking = page.getByRole("dialog");
  await asking.getByRole("button", { name: "Ask", exact: true }).click();
  await expect(asking.getByText("Enter the reason.")).toBeVisible();
  const reason = `The import ${unique} fails`;
  await asking.getByLabel("Reason").fill(reason);
  await asking.getByLabel("For").selectOption({ label: "1 hour" });
  await expectAccessible(page);
  await asking.getByRole("button", { name: "Ask", exact: true }).click();
  const row = page.getByRole("row", { name: new RegExp(reason) });
  await expect(row).toContainText("Waits for an owner");
  await expect(row.getByRole("link", { name: "Enter" })).toHaveCount(0);
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);

  const context = await browser.newContext();
  const owner = await context.newPage();
  await signIn(owner, "globex", "owner");
  // Whatever the page, an owner learns that somebody waits.
  await expect(owner.getByText("asks to look in here")).toBeVisible();
  await expectAccessible(owner);
  await owner.getByRole("main").getByRole("link", { name: "Support access" }).click();
  const card = owner.getByRole("region", { name: email }).filter({ hasText: reason });
  await expect(card).toContainText("Waits for an owner");
  await expectAccessible(owner);
  await expectNoSidewaysScrolling(owner);
  await card.getByRole("button", { name: `Let in… ${email}` }).click();
  await expectAccessible(owner);
  await owner.getByRole("dialog").getByRole("button", { name: "Let in" }).click();
  await expect(card).toContainText("consented on");
  await expect(card.getByRole("heading")).toBeFocused();

  await page.reload();
  await row.getByRole("link", { name: "Enter" }).click();
  const banner = page.locator(".support-banner");
  await expect(banner).toContainText(reason);
  expect(new URL(page.url()).origin).toBe(hosts.globex);
  expect(page.url()).not.toContain("#");
  await expectLoaded(page);
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);
  await expect(page.getByRole("rowheader").first()).toBeVisible();
  await expect(page.getByRole("link", { name: "Hire someone" })).toHaveCount(0);
  // The banner is on every page, and the visit outlasts a new load.
  await page.getByRole("link", { name: "Departments" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Departments");
  await expect(banner).toBeVisible();
  await page.reload();
  await expect(banner).toContainText(reason);

  await banner.getByRole("button", { name: "Leave" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Globex");
  expect(new URL(page.url()).origin).toBe(hosts.apex);
  await row.getByRole("link", { name: "Enter" }).click();
  await expect(banner).toBeVisible();

  await owner.reload();
  await card.getByRole("button", { name: `End it now: ${email}` }).click();
  await expect(card).toContainText("Ended");
  await expect(card.getByRole("heading")).toBeFocused();
  // What is open at the operator's is closed at once.
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The support access has ended");
  await expect(page.getByRole("link", { name: "Back to the console" })).toBeVisible();
  await context.close();
});
