import { expect, hosts, password, signIn, signInAs, test } from "./tenantry.ts";

test("GraphiQL works from this host alone, as the person who is signed in", async ({ page }) => {
  await signIn(page, "acme", "hr");
  await page.goto(`${hosts.acme}/graphiql`);
  await expect(page.getByText("Signed in as")).toContainText("hr@acme.test");
  await expect(page.getByText("query FirstPeople")).toBeVisible();
  await page.getByRole("button", { name: /Execute query/ }).click();
  await expect(page.locator(".graphiql-response")).toContainText("totalCount");
  await expect(page.locator(".graphiql-response")).toContainText('"Acme');

  // The schema has arrived, with its documentation.
  await page.getByRole("button", { name: /Documentation Explorer/ }).click();
  await expect(page.getByRole("link", { name: "Mutation", exact: true })).toBeVisible();

  // The editor's language service runs: an unknown field is marked, and completion knows the schema.
  const editor = page.locator(".graphiql-query-editor").first();
  await editor.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText("{ tenant { nonsense } }");
  await expect(editor.locator(".squiggly-error")).toBeVisible();
});

test("GraphiQL says how to sign in, and answers what anyone may ask", async ({ page }) => {
  await page.goto(`${hosts.globex}/graphiql`);
  await expect(page.getByText("You are not signed in.")).toBeVisible();
  const editor = page.locator(".graphiql-query-editor").first();
  const response = page.locator(".graphiql-response");
  // The editor takes a while to be ready for a click on a busy machine, and does not show when it is.
  await expect(async () => {
    await editor.click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText("{ tenant { name } } # the editor may close a bracket once more");
    await page.getByRole("button", { name: /Execute query/ }).click();
    await expect(response).toContainText('"Globex', { timeout: 5_000 });
  }).toPass();
});

test("GraphiQL works on the apex, with its own schema", async ({ page }) => {
  await page.goto(hosts.apex);
  await signInAs(page, "hr@acme.test", password);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your organisations");
  await page.goto(`${hosts.apex}/graphiql`);
  await expect(page.getByText("Signed in as")).toContainText("hr@acme.test");
  await expect(page.getByText("query MyOrganisations")).toBeVisible();
  await page.getByRole("button", { name: /Execute query/ }).click();
  await expect(page.locator(".graphiql-response")).toContainText('"Acme');
});
