import { readFileSync } from "node:fs";
import { runProgram } from "./program.ts";
import {
  expect,
  expectAccessible,
  expectNoSidewaysScrolling,
  hosts,
  password,
  signIn,
  signInAs,
  signOut,
  test,
  uniqueName,
} from "./tenantry.ts";
import { unzip } from "./zip.ts";

test("one signs in at the apex and goes to one's organisation with a code that works once", async ({ page }) => {
  await page.goto(hosts.apex);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in to Tenantry");
  await signInAs(page, "hr@acme.test", password);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your organisations");
  // One's own, and no other.
  await expect(page.getByRole("main").getByRole("listitem")).toHaveCount(1);
  await expect(page.getByRole("main")).not.toContainText("Globex");

  const entering = page.waitForRequest((request) => request.url().includes("/enter"));
  let code = "";
  page.on("response", (response) => {
    if (response.url() !== `${hosts.apex}/graphql`) return;
    void response.text().then(
      (body) => {
        code = /\/enter#([^"]+)/.exec(body)?.[1] ?? code;
      },
      () => undefined,
    );
  });
  await page.getByRole("link", { name: /^Open Acme/ }).click();
  // The code is in no request's address.
  expect(new URL((await entering).url()).pathname).toBe("/enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("People");
  expect(page.url()).toBe(`${hosts.acme}/`);

  // The session of each host is its own: out of the organisation, one is still in at the apex.
  await signOut(page);
  if (code !== "") {
    await page.goto(`${hosts.acme}/enter#${code}`);
    await expect(page.getByRole("alert")).toBeVisible();
    expect(page.url()).not.toContain("#");
    await expect(page.getByRole("link", { name: "Sign in here instead" })).toBeVisible();
  }
  await page.goto(hosts.apex);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your organisations");
  await signOut(page);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in to Tenantry");
});

test("a code lets in neither another organisation nor a browser that did not ask for it", async ({ page }) => {
  await page.goto(hosts.apex);
  await signInAs(page, "employee@acme.test", password);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your organisations");
  let link: string | undefined;
  await page.route(`${hosts.apex}/graphql`, async (route) => {
    if (!(route.request().postData() ?? "").includes("EnterWorkspace")) return route.fallback();
    const response = await route.fetch();
    link = ((await response.json()) as { data: { enterWorkspace: { url: string } } }).data.enterWorkspace.url;
    return route.fulfill({ response });
  });
  // The page must not go there and use the code up. Where there is no content, it stays where it is.
  const asked = new Promise<void>((resolve) => {
    void page.route(`${hosts.acme}/**`, async (route) => {
      await route.fulfill({ status: 204 });
      resolve();
    });
  });
  await page.goto(`${hosts.apex}/enter#acme.${"0".repeat(48)}`);
  await expect.poll(() => link).toBeDefined();
  await asked;
  await page.unroute(`${hosts.acme}/**`);
  const { hash } = new URL(link ?? "");
  expect(hash.length).toBeGreaterThan(16);
  for (const [host, name] of [
    [hosts.globex, "Globex"],
    [hosts.acme, "Acme"],
  ] as const) {
    await page.goto(`${host}/enter${hash}`);
    await expect(page.getByRole("alert")).toBeVisible();
    await page.goto(host);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(new RegExp(`^Sign in to ${name}`));
  }
});

test("a session of the organisation is none of the apex", async ({ page }) => {
  await signIn(page, "acme", "employee");
  await page.goto(hosts.apex);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in to Tenantry");
});

test("an owner whose organisation has not paid exports it, deletes it and takes that back", async ({ page }) => {
  const unique = uniqueName();
  const slug = unique.toLowerCase();
  // As long as a name gets that has nowhere to break.
  const name = `${unique}AufbereitungsanlagenVerwaltungsgesellschaft`;
  const owner = { email: `owner@${slug}.test`, secret: `password of ${name}` };
  const account = ["--owner-email", owner.email, "--owner-name", "Ada Lovelace", "--owner-password", owner.secret];
  runProgram("tenant", "create", slug, "--name", name, ...account);
  runProgram("tenant", "terms", slug, "--paid-until", "2001-01-01");

  // Its own address lets nobody in, and leads its owner to where that is mended.
  await page.goto(hosts.apex.replace("localhost", `${slug}.localhost`));
  await expectAccessible(page);
  const wide = page.viewportSize();
  await page.setViewportSize({ width: 375, height: 740 });
  await expectNoSidewaysScrolling(page);
  if (wide !== null) await page.setViewportSize(wide);
  await page.getByRole("link", { name: "Pay, export or delete it, as an owner" }).click();
  await signInAs(page, owner.email, owner.secret);
  const row = page.getByRole("main").getByRole("listitem").filter({ hasText: name });
  await expect(row).toContainText("Not paid for");
  await expect(row.getByRole("link", { name: `Open ${name}` })).toHaveCount(0);
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);
  await page.setViewportSize({ width: 375, height: 740 });
  await expectNoSidewaysScrolling(page);
  if (wide !== null) await page.setViewportSize(wide);

  const dialog = page.getByRole("dialog");
  await row.getByRole("button", { name: `Export ${name}…` }).click();
  await dialog.getByRole("button", { name: "Export the data" }).click();
  const button = dialog.getByRole("button", { name: /^Download the export of/ });
  await expect(button).toBeVisible({ timeout: 30_000 });
  await expectAccessible(page);
  const downloading = page.waitForEvent("download");
  await button.click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(new RegExp(`^${slug}-\\d{4}-\\d{2}-\\d{2}\\.zip$`));
  const files = unzip(readFileSync(await download.path()));
  const manifest = JSON.parse(files.get("manifest.json")?.toString() ?? "") as { slug: string; format: string };
  expect([manifest.slug, manifest.format]).toEqual([slug, "csv"]);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();

  await row.getByRole("button", { name: `Delete ${name}…` }).click();
  await expect(dialog.getByLabel(`Type ${slug}`)).toBeFocused();
  const first = dialog.getByRole("region", { name: "Export your data first" });
  await expect(first.getByRole("button", { name: /^Download the export of/ })).toBeVisible();
  await dialog.getByLabel(`Type ${slug}`).fill(slug);
  const proof = dialog.getByLabel("Your password");
  await proof.fill("not the password");
  await dialog.getByRole("button", { name: "Delete the organisation" }).click();
  await expect(dialog).toContainText("The password is wrong.");
  await expect(proof).toBeFocused();
  await expectAccessible(page);
  await proof.fill(owner.secret);
  await dialog.getByRole("button", { name: "Delete the organisation" }).click();
  await expect(dialog).toBeHidden();
  await expect(row).toContainText("It is going to be deleted on");
  await expect(row.getByRole("button", { name: `Delete ${name}…` })).toHaveCount(0);
  // Within the grace the data is its owner's still.
  await row.getByRole("button", { name: `Export ${name}…` }).click();
  await expect(button).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();

  await row.getByRole("button", { name: `Keep ${name}` }).click();
  await expect(row).toContainText("Not paid for");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(row.getByRole("button", { name: `Delete ${name}…` })).toBeVisible();
});
