import { expect, signIn, test, uniqueName } from "./tenantry.ts";

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
