import { runProgram } from "./program.ts";
import {
  expect,
  expectAccessible,
  expectLoaded,
  expectNoSidewaysScrolling,
  hosts,
  password,
  signIn,
  signInAs,
  test,
  uniqueName,
} from "./tenantry.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("signing in", async ({ page }) => {
      await page.goto(hosts.acme);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await expect(page.getByText("Enter your password.")).toBeVisible();
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    });

    test("no organisation at the address", async ({ page }) => {
      for (const address of [`${hosts.apex}/find`, hosts.unknown]) {
        await page.goto(address);
        await expect(page.getByLabel("Your organisation’s address")).toBeVisible();
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
      }
    });

    for (const path of ["/forgot-password", "/reset-password#token", "/invitation#token", "/sign-in?problem=no_role"]) {
      test(`the page ${path}, without signing in`, async ({ page }) => {
        await page.goto(hosts.acme + path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expect(page.getByText("One moment…")).toHaveCount(0);
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
      });
    }

    for (const path of ["/sign-up", "/confirm-sign-up#token"]) {
      test(`the page ${path} of the apex, without signing in`, async ({ page }) => {
        await page.goto(hosts.apex + path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expect(page.getByText("One moment…")).toHaveCount(0);
        if (path === "/sign-up") await page.getByRole("button", { name: "Set up", exact: true }).click();
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
      });
    }

    for (const path of ["/", "/security", "/no-such-page"]) {
      test(`the page ${path} of the apex`, async ({ page }) => {
        await page.goto(hosts.apex + path);
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in to Tenantry");
        await expectAccessible(page);
        await signInAs(page, "hr@acme.test", password);
        await expect(page.getByRole("navigation", { name: "Pages", exact: true })).toBeVisible();
        await expectLoaded(page);
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
      });
    }

    for (const path of ["/members", "/security", "/settings/api-keys", "/settings/sign-in", "/settings/addresses"]) {
      test(`the page ${path}`, async ({ page }) => {
        await signIn(page, "acme", "owner", path);
        await expectLoaded(page);
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
      });
    }

    test("the dialogs of members and keys", async ({ page }) => {
      for (const [path, opener] of [
        ["/members", "Invite someone"],
        ["/settings/api-keys", "New API key"],
        ["/settings/addresses", "Add an address"],
        ["/security", "Add a passkey"],
        ["/security", "Set up"],
      ] as const) {
        if (path === "/members") await signIn(page, "acme", "owner", path);
        else await page.goto(hosts.acme + path);
        await page.getByRole("button", { name: opener, exact: true }).click();
        const dialog = page.getByRole("dialog");
        await expect(dialog.getByRole("button", { name: "Cancel" })).toBeVisible();
        // What one is about to change stays in sight, and the focus is where one goes on.
        const around = page.locator(".mantine-Modal-inner");
        await expect(around).toHaveCSS("background-color", "rgba(0, 0, 0, 0)");
        await expect(dialog.getByRole("button", { name: "Close" })).not.toBeFocused();
        await expectAccessible(page);
        await page.keyboard.press("Escape");
        await expect(dialog).toBeHidden();
      }
    });

    for (const [state, days] of [
      ["warned", 3],
      ["read-only", -10],
    ] as const) {
      test(`an organisation that is ${state}`, async ({ page }) => {
        const name = uniqueName();
        const slug = name.toLowerCase();
        const email = `owner@${slug}.test`;
        const account = ["--owner-email", email, "--owner-name", "Ada Lovelace", "--owner-password", password];
        runProgram("tenant", "create", slug, "--name", name, ...account);
        const until = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
        runProgram("tenant", "terms", slug, "--paid-until", until);
        await page.goto(hosts.apex.replace("localhost", `${slug}.localhost`));
        await signInAs(page, email, password);
        await expect(page.getByText(/^The time that was paid for ends|^Nothing can be changed/)).toBeVisible();
        await expectLoaded(page);
        const hire = page.getByRole("link", { name: "Hire someone" });
        if (state === "warned") await expect(hire.first()).toBeVisible();
        else await expect(hire).toHaveCount(0);
        await expectAccessible(page);
        await expectNoSidewaysScrolling(page);
        if (state === "warned") return;
        for (const path of ["/members", "/settings/organisation", "/settings/sign-in", "/settings/addresses"]) {
          await page.goto(new URL(path, page.url()).href);
          await expectLoaded(page);
          await expectAccessible(page);
          await expectNoSidewaysScrolling(page);
        }
      });
    }

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
