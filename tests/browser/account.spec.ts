import { linkInMail } from "./mailbox.ts";
import { expect, hosts, newMember, signInAs, signOut, test } from "./tenantry.ts";
import { nextTotp, totp } from "./totp.ts";

test("an invitation is accepted once, and leaves nothing in the address", async ({ page, browser }) => {
  const { email, secret, name } = await newMember(page, browser);
  expect(page.url()).toBe(`${hosts.acme}/`);
  await expect(page.getByRole("button", { name: `Account: ${name}` })).toBeVisible();
  const link = await linkInMail(email, "invitation");
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This invitation is not open any more");
  expect(page.url()).not.toContain("#");

  await page.goto(hosts.acme);
  await signOut(page);
  await signInAs(page, email, secret);
  await expect(page.getByRole("navigation", { name: "Pages", exact: true })).toBeVisible();
});

test("a forgotten password is replaced by mail, and the old one is over everywhere", async ({ page, browser }) => {
  const { email, secret } = await newMember(page, browser);
  const other = await (await browser.newContext()).newPage();
  await other.goto(hosts.acme);
  await other.getByRole("link", { name: "Forgot your password?" }).click();
  await other.getByLabel("E-mail address").fill(email);
  await other.getByRole("button", { name: "Send the link" }).click();
  await expect(other.getByText("If there is an account with the address")).toBeVisible();

  const link = await linkInMail(email, "reset-password");
  await other.goto(link);
  await expect(other.locator("input").and(other.getByLabel("New password"))).toBeVisible();
  expect(other.url()).not.toContain("#");
  await other.locator("input").and(other.getByLabel("New password")).fill("short");
  await other.getByRole("button", { name: "Change the password" }).click();
  await expect(other.locator("input").and(other.getByLabel("New password"))).toBeFocused();
  await other.locator("input").and(other.getByLabel("New password")).fill(`another ${secret}`);
  await other.getByRole("button", { name: "Change the password" }).click();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Your password is changed");

  // The session that was there has ended.
  await page.goto(`${hosts.acme}/departments`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Sign in to Acme/);
  await signInAs(page, email, secret);
  await expect(page.getByRole("alert").first()).toBeVisible();
  await signInAs(page, email, `another ${secret}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Departments");

  const again = await other.context().newPage();
  await again.goto(link);
  await again.locator("input").and(again.getByLabel("New password")).fill(`a third ${secret}`);
  await again.getByRole("button", { name: "Change the password" }).click();
  await expect(again.getByRole("alert").first()).toBeVisible();
  await other.context().close();
});

test("an authenticator is asked for from then on, and a recovery code in its place", async ({ page, browser }) => {
  const { email, secret } = await newMember(page, browser);
  await page.goto(`${hosts.acme}/security`);
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("dialog").getByLabel("Your password").fill(secret);
  await page.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("img", { name: "The key as a QR code" })).toBeVisible();
  const key = (await page.locator(".secret").textContent()) ?? "";
  await page.getByLabel("2. Code").fill(totp(key));
  await page.getByRole("button", { name: "Confirm" }).click();
  const items = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(items.first()).toBeVisible();
  const codes = await items.allTextContents();
  expect(codes.length).toBeGreaterThanOrEqual(8);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toBe("tenantry-recovery-codes.txt");
  await page.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText(`Recovery codes left: ${codes.length}`)).toBeVisible();
  await signOut(page);

  await signInAs(page, email, secret);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Confirm that it is you");
  await expect(page.getByLabel("Code")).toBeFocused();
  await page.getByLabel("Code").fill(nextTotp(key));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Security");
  await signOut(page);

  await signInAs(page, email, secret);
  await page.getByRole("button", { name: "Use a recovery code" }).click();
  await page.getByLabel("Recovery code").fill(codes[0] ?? "");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText(`Recovery codes left: ${codes.length - 1}`)).toBeVisible();
});

test("a passkey is added, signs in and is removed", async ({ page, browser }) => {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const { secret, name } = await newMember(page, browser);
  await page.goto(`${hosts.acme}/security`);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("My machine");
  await dialog.getByLabel("Your password").fill(secret);
  await dialog.getByRole("button", { name: "Continue" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("region", { name: "Passkeys" })).toContainText("My machine");
  await signOut(page);

  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("button", { name: `Account: ${name}` })).toBeVisible();
  await expect(page.getByRole("region", { name: "Where you are signed in" })).toContainText("by passkey");

  await page.getByRole("button", { name: "Remove My machine" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("region", { name: "Passkeys" })).not.toContainText("My machine");
  await signOut(page);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expect(page.getByRole("alert").first()).toBeVisible();
});

test("a session elsewhere is seen and ended", async ({ page, browser }) => {
  const { email, secret } = await newMember(page, browser);
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(hosts.acme);
  await signInAs(other, email, secret);
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("People");

  await page.goto(`${hosts.acme}/security`);
  const sessions = page.getByRole("region", { name: "Where you are signed in" });
  await expect(sessions.getByRole("listitem")).toHaveCount(2);
  await expect(sessions).toContainText("This one");
  await sessions.getByRole("button", { name: /^End the session/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
  await expect(sessions.getByRole("listitem")).toHaveCount(1);
  await other.goto(`${hosts.acme}/departments`);
  await expect(other.getByRole("heading", { level: 1 })).toHaveText(/^Sign in to Acme/);

  // The password is changed: this session stays, the other ends.
  await signInAs(other, email, secret);
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Departments");
  const part = page.getByRole("region", { name: "Password" });
  await part.getByLabel("Present password").fill(secret);
  await part.getByLabel("New password").fill(`another ${secret}`);
  await part.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await other.reload();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText(/^Sign in to Acme/);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Security");
  await context.close();
});
