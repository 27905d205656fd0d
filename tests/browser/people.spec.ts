import { accessToken, call, codeOf, expect, hosts, namesShown, signIn, test, uniqueName } from "./tenantry.ts";

test("someone is hired, found, changed, terminated and rehired", async ({ page }) => {
  const family = uniqueName();
  await signIn(page, "acme", "hr");
  const taken = (await page.getByRole("rowheader").first().getByText("@").textContent()) ?? "";
  await page.getByRole("link", { name: "Hire someone" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(page).toHaveTitle(/^Hire someone · Acme.* · Tenantry$/);

  // What is missing is told beside the inputs, and the first of them has the focus.
  await page.getByRole("button", { name: "Hire", exact: true }).click();
  await expect(page.getByLabel("Given name")).toBeFocused();
  await expect(page.getByLabel("Department")).toHaveAccessibleDescription("Choose a department.");

  await page.getByLabel("Given name").fill("نور");
  await page.getByLabel("Family name").fill(family);
  // An address that somebody has: the server says so, and it stands at the input.
  await page.getByLabel("Work e-mail").fill(taken.toUpperCase());
  await page.getByLabel("Department").selectOption({ index: 2 });
  await page.getByLabel("Position").selectOption({ index: 1 });
  await page.getByRole("combobox", { name: "Manager" }).fill("a");
  await page.getByRole("listbox").getByRole("option").first().click();
  await page.getByLabel("Salary a year, gross").fill("52000.50");
  await page.getByLabel("Currency").selectOption("EUR");
  await page.getByRole("button", { name: "Hire", exact: true }).click();
  await expect(page.getByLabel("Work e-mail")).toBeFocused();
  await expect(page.getByLabel("Work e-mail")).not.toHaveAccessibleDescription("");

  await page.getByLabel("Work e-mail").fill(`${family}@acme.test`);
  await page.getByRole("button", { name: "Hire", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`نور ${family}`);
  await expect(page.getByText("€52,000.50")).toBeVisible();
  const address = page.url();

  await page.getByRole("link", { name: "People" }).click();
  await page.getByRole("searchbox", { name: "Search" }).fill(family);
  await expect(page.getByRole("main").getByRole("status")).toHaveText("1 person");
  expect(await namesShown(page)).toEqual([`نور ${family}`]);
  await expect(page).toHaveURL(new RegExp(`q=${family}`));

  await page.goto(`${address}/edit`);
  await page.getByLabel("Preferred name").fill("Nour");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Nour ${family}`);

  await page.getByRole("button", { name: "Terminate" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Terminate" }).click();
  await expect(dialog.getByLabel(/^End the employment/)).toBeFocused();
  await dialog.getByLabel(/^End the employment/).check();
  await dialog.getByRole("button", { name: "Terminate" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Left");

  await page.goto(`${hosts.acme}/?q=${family}`);
  await expect(page.getByRole("heading", { name: "Nobody matches" })).toBeVisible();
  await page.getByLabel("Status").selectOption("Left");
  expect(await namesShown(page)).toEqual([`Nour ${family}`]);

  await page.goto(address);
  await page.getByRole("button", { name: "Rehire" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rehire" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("heading", { level: 1 })).not.toContainText("Left");
  await expect(page.getByRole("region", { name: "History" })).toContainText("Rehired");
});

test("someone is transferred and given another manager", async ({ page }) => {
  await signIn(page, "globex", "hr", "/?order=-name");
  await page.getByRole("rowheader").getByRole("link").nth(5).click();
  const work = page.getByRole("region", { name: "Work" });
  await page.getByRole("button", { name: "Transfer" }).click();
  const dialog = page.getByRole("dialog");
  const position = dialog.getByLabel("Position");
  const before = await position.inputValue();
  const options = await position
    .locator("option")
    .evaluateAll((all) => all.map((option) => (option as HTMLOptionElement).value));
  const other = options.find((value) => value !== "" && value !== before) ?? "";
  await position.selectOption(other);
  const title = await position.locator("option:checked").textContent();
  await dialog.getByRole("button", { name: "Transfer" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Transfer" })).toBeFocused();
  await expect(work).toContainText(title ?? "");

  await page.getByRole("button", { name: "Change manager" }).click();
  await dialog.getByRole("combobox", { name: "Manager" }).fill("globex");
  const option = page.getByRole("listbox").getByRole("option").first();
  await expect(option).toBeVisible();
  await option.click();
  const manager = await dialog.getByRole("combobox", { name: "Manager" }).inputValue();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(work).toContainText(manager);
});

test("the directory turns pages, and the address keeps what is shown", async ({ page }) => {
  await signIn(page, "acme", "employee");
  const first = await namesShown(page);
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page).toHaveURL(/after=/);
  await expect.poll(() => namesShown(page)).not.toEqual(first);
  const second = await namesShown(page);
  expect(second.some((name) => first.includes(name))).toBe(false);

  await page.reload();
  expect(await namesShown(page)).toEqual(second);
  await page.getByRole("button", { name: "Previous" }).click();
  await expect(page).toHaveURL(/before=/);
  await expect.poll(() => namesShown(page)).toEqual(first);
  await page.goBack();
  await expect.poll(() => namesShown(page)).toEqual(second);

  await page.getByLabel("Order").selectOption("Name, Z to A");
  await expect(page).toHaveURL(`${hosts.acme}/?order=-name`);
  await expect(page.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "descending");

  await page.getByRole("searchbox", { name: "Search" }).fill("%");
  await expect(page.getByRole("heading", { name: "Nobody matches" })).toBeVisible();
  await page.getByRole("button", { name: "Show everyone" }).click();
  await expect.poll(() => namesShown(page)).toEqual(first);
});

test("departments narrow the directory", async ({ page }) => {
  await signIn(page, "acme", "employee", "/departments");
  const row = page.getByRole("main").getByRole("listitem").first();
  const name = (await row.getByRole("link").first().textContent()) ?? "";
  await row.getByRole("link").first().click();
  await expect(page).toHaveURL(/\?department=/);
  await expect(page.getByLabel("Department", { exact: true }).locator("option:checked")).toHaveText(name);
  await expect(page.getByLabel("With the departments under it")).toBeChecked();
  await page.getByLabel("With the departments under it").click();
  await expect(page).toHaveURL(/sub=no/);
});

test("an employee sees no way to hire, no private details of others, and is refused when asking anyway", async ({
  page,
}) => {
  await signIn(page, "acme", "employee");
  await expect(page.getByRole("rowheader").first()).toBeVisible();
  await expect(page.getByRole("link", { name: "Hire someone" })).toHaveCount(0);
  await page.getByRole("rowheader").getByRole("link").nth(3).click();
  await expect(page.getByRole("region", { name: "Work" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Private" })).toHaveCount(0);
  await expect(page.getByRole("region", { name: "History" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Terminate" })).toHaveCount(0);
  await page.goto(`${hosts.acme}/employees/new`);
  await expect(page.getByText("You may not hire people")).toBeVisible();

  const token = await accessToken(page, "acme", "employee");
  const ids = await call(
    page,
    { query: "{ departments(first: 1) { nodes { id } } positions(first: 1) { nodes { id } } }" },
    token,
  );
  const { departments, positions } = (
    ids.body as { data: Record<"departments" | "positions", { nodes: { id: string }[] }> }
  ).data;
  const { body } = await call(
    page,
    {
      query: "mutation($input: HireEmployeeInput!) { hireEmployee(input: $input) { employee { id } } }",
      variables: {
        input: {
          givenName: "Mallory",
          familyName: uniqueName(),
          workEmail: `${uniqueName()}@acme.test`,
          departmentId: departments.nodes[0]?.id,
          positionId: positions.nodes[0]?.id,
          hiredOn: "2026-01-01",
        },
      },
    },
    token,
  );
  expect(codeOf(body)).toBe("FORBIDDEN");
});

test("an employee changes their own contact details and nothing else", async ({ page }) => {
  await signIn(page, "globex", "employee");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "My record" }).click();
  await expect(page.getByRole("region", { name: "Private" })).toBeVisible();
  await page.getByRole("link", { name: "Edit my contact details" }).click();
  await expect(page.getByLabel("Family name")).toHaveCount(0);
  const phone = `+49 30 ${Date.now() % 1_000_000}`;
  await page.getByLabel("Phone").fill(phone);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Private" })).toContainText(phone);
});
