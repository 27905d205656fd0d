import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, expectAccessible, expectNoSidewaysScrolling, signIn, test, uniqueName } from "./tenantry.ts";
import { unzip } from "./zip.ts";

test("a department is created, renamed, moved, merged and deleted", async ({ page }) => {
  const name = uniqueName();
  await signIn(page, "acme", "hr", "/departments");
  const dialog = page.getByRole("dialog");
  const choose = async (department: string, action: string) => {
    await page.getByRole("button", { name: `Actions for ${department}`, exact: true }).click();
    await page.getByRole("menuitem", { name: action }).click();
  };

  await page.getByRole("button", { name: "New department" }).click();
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByLabel("Name")).toHaveAccessibleDescription("Enter a name.");
  await dialog.getByLabel("Name").fill(name);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name, exact: true })).toBeVisible();

  await choose(name, "New department under it");
  await dialog.getByLabel("Name").fill(`${name} child`);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: `Departments under ${name}` })).toBeVisible();

  // With one under it, it cannot be deleted: the server says why, and the dialog shows it.
  await choose(name, "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(dialog.getByRole("alert")).toBeFocused();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();

  await choose(`${name} child`, "Rename");
  await dialog.getByLabel("Name").fill(`${name} second`);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: `${name} second` })).toBeVisible();

  await choose(`${name} second`, "Move");
  await dialog.getByLabel("Under").selectOption({ label: "No department: to the top" });
  await dialog.getByRole("button", { name: "Move" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: `Departments under ${name}` })).toHaveCount(0);

  await choose(`${name} second`, "Merge into another");
  await dialog.getByLabel("Into").selectOption({ label: name });
  await dialog.getByRole("button", { name: "Merge" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name: `${name} second` })).toHaveCount(0);

  await choose(name, "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);
});

test("a position and a location are created, renamed and deleted", async ({ page }) => {
  const name = uniqueName();
  await signIn(page, "globex", "hr", "/positions");
  const dialog = page.getByRole("dialog");
  const choose = async (row: string, action: string) => {
    await page.getByRole("button", { name: `Actions for ${row}`, exact: true }).click();
    await page.getByRole("menuitem", { name: action }).click();
  };

  await page.getByRole("button", { name: "New position" }).click();
  await dialog.getByLabel("Title").fill(name);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name, exact: true })).toBeVisible();
  // The same title in other letters is refused at the input.
  await page.getByRole("button", { name: "New position" }).click();
  await dialog.getByLabel("Title").fill(name.toUpperCase());
  await page.keyboard.press("Enter");
  await expect(dialog.getByLabel("Title")).toBeFocused();
  await expect(dialog.getByLabel("Title")).not.toHaveAccessibleDescription("");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await choose(name, "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);

  await page.getByRole("link", { name: "Locations" }).click();
  await page.getByRole("button", { name: "New location" }).click();
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Country").selectOption("DE");
  await dialog.getByLabel("Time zone").selectOption("Europe/Berlin");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText("Germany");
  await choose(name, "Rename");
  await dialog.getByLabel("Name").fill(`${name} House`);
  await page.keyboard.press("Enter");
  await choose(`${name} House`, "Delete");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);
});

test("who may not manage the organisation sees no way to", async ({ page }) => {
  await signIn(page, "acme", "manager", "/departments");
  await expect(page.getByRole("main").getByRole("listitem").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "New department" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Actions for/ })).toHaveCount(0);
});

test("an owner exports the organisation, before deleting it too, and downloads the file", async ({ page }) => {
  await signIn(page, "acme", "owner", "/settings/organisation");
  const part = page.getByRole("region", { name: "Export", exact: true });
  await part.getByLabel("Format").selectOption({ label: "Lines of JSON, for programs" });
  await part.getByRole("button", { name: "Export the data" }).click();
  await expect(part.getByRole("button", { name: "Export the data" })).toBeDisabled();
  const button = part.getByRole("button", { name: /^Download the export of/ });
  await expect(button).toBeVisible({ timeout: 30_000 });
  await expect(part).toContainText("Ready");
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);

  const downloading = page.waitForEvent("download");
  await button.press("Enter");
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^acme-\d{4}-\d{2}-\d{2}\.zip$/);
  const files = unzip(readFileSync(await download.path()));
  const manifest = JSON.parse(files.get("manifest.json")?.toString() ?? "") as {
    slug: string;
    format: string;
    files: { file: string; rows: number; sha256: string }[];
  };
  expect([manifest.slug, manifest.format]).toEqual(["acme", "ndjson"]);
  expect(manifest.files.map(({ file }) => file)).toContain("employees.ndjson");
  for (const { file, rows, sha256 } of manifest.files) {
    const content = files.get(file) ?? Buffer.alloc(0);
    expect(createHash("sha256").update(content).digest("hex"), file).toBe(sha256);
    const lines = content.toString().split("\n").filter((line) => line !== "");
    expect(lines.map((line): unknown => JSON.parse(line))).toHaveLength(rows);
  }
  expect(files.size).toBe(manifest.files.length + 1);

  // The address is good once; then it leads back to the page, which says so.
  await page.goto(download.url());
  await expect(page.getByText(/^The download did not begin/)).toBeVisible();
  await page.getByRole("button", { name: "Delete the organisation…" }).click();
  const first = page.getByRole("dialog").getByRole("region", { name: "Export your data first" });
  await expect(first.getByRole("button", { name: /^Download the export of/ })).toBeVisible();
  await expectAccessible(page);
});
