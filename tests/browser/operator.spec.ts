import { inviteOperator } from "./program.ts";
import {
  expect,
  expectAccessible,
  expectLoaded,
  expectNoSidewaysScrolling,
  hosts,
  test,
} from "./tenantry.ts";
import { nextTotp, totp } from "./totp.ts";

const secret = "the operator's password";

test("an operator sets the account up, works with an organisation and signs in again", async ({
  page,
}) => {
  const unique = `op${Date.now()}`;
  const email = `${unique}@operators.test`;
  await page.goto(inviteOperator(email, "admin"));
  await expect(
    page.getByRole("img", { name: "The key as a QR code" }),
  ).toBeVisible();
  expect(page.url()).not.toContain("#");
  await expectAccessible(page);
  const key = (await page.locator("code.secret").textContent()) ?? "";
  await page.getByLabel("1. Password").fill(secret);
  await page.getByLabel("3. Code").fill(totp(key));
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Organisations",
  );

  await page.getByRole("button", { name: "New organisation" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Made by hand");
  await dialog.getByLabel("Address", { exact: true }).fill(unique);
  await dialog
    .getByLabel("Owner’s e-mail address")
    .fill(`owner@${unique}.test`);
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Made by hand",
  );
  await expectLoaded(page);
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);

  // What stops it from being served asks for its address.
  await page.getByRole("button", { name: "Suspend" }).click();
  await dialog.getByLabel(`Type ${unique}`).fill("another");
  await dialog.getByRole("button", { name: "Suspend" }).click();
  await expect(dialog.getByText(`Type ${unique} to go on.`)).toBeVisible();
  await dialog.getByLabel(`Type ${unique}`).fill(unique);
  await dialog.getByRole("button", { name: "Suspend" }).click();
  await expect(
    page.getByRole("row", { name: "State Suspended" }),
  ).toBeVisible();
  await expect(page.getByText("Made by hand is suspended.")).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("row", { name: "State Active" })).toBeVisible();
  await expect(
    page.getByRole("region", { name: "Events" }).getByRole("rowheader"),
  ).toHaveText([/^Resumed/, /^Suspended/, /^Made/]);
  await page.setViewportSize({ width: 375, height: 740 });
  await expectNoSidewaysScrolling(page);
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.getByRole("link", { name: "Organisations" }).click();
  await page.getByLabel("Search").fill(unique);
  await expect(page.getByRole("rowheader")).toHaveCount(1);
  await page.getByLabel("State").selectOption({ label: "Suspended" });
  await expect(page.getByText("There is no such organisation")).toBeVisible();
  await page.getByLabel("State").selectOption({ label: "All" });
  await expect(page.getByRole("rowheader")).toHaveCount(1);
  await expectAccessible(page);
  // Back from an organisation, what was looked for is still there.
  await page.getByRole("link", { name: "Made by hand" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Made by hand",
  );
  await page.goBack();
  await expect(page.getByLabel("Search")).toHaveValue(unique);
  await expect(page.getByRole("rowheader")).toHaveCount(1);
  for (const [link, heading] of [
    ["Migrations", "Migrations"],
    ["Deletions", "Deletions"],
    ["Events", "Events"],
  ] as const) {
    await page.getByRole("link", { name: link }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
    await expectLoaded(page);
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
    await page.setViewportSize({ width: 375, height: 740 });
    await expectNoSidewaysScrolling(page);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  await expect(
    page.getByRole("rowheader", { name: `Resumed ${unique}` }),
  ).toBeVisible();

  // The session is kept over a new load, and is none of the apex.
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Events");
  await page.getByRole("button", { name: /^Operator/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Sign in as an operator",
  );
  await expectAccessible(page);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByLabel("Code").fill(nextTotp(key));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Events");
  await page.goto(hosts.apex);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Sign in to Tenantry",
  );
});

test("an operator makes a plan, gives it to an organisation with an exception, and removes it", async ({
  page,
}) => {
  const unique = `pl${Date.now()}`;
  await page.goto(inviteOperator(`${unique}@operators.test`, "admin"));
  const key = (await page.locator("code.secret").textContent()) ?? "";
  await page.getByLabel("1. Password").fill(secret);
  await page.getByLabel("3. Code").fill(totp(key));
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await page.getByRole("link", { name: "Plans" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Plans");
  await expectLoaded(page);
  await page.getByRole("button", { name: "New plan" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(`Plan ${unique}`);
  await dialog.getByLabel("Id", { exact: true }).fill(unique);
  await dialog.getByLabel("Seats").fill("9");
  await dialog.getByLabel("Storage").fill("2 GB");
  await dialog.getByLabel("API keys").check();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog).toBeHidden();
  const plan = page.getByRole("row", { name: `Plan ${unique}` });
  await expect(plan).toContainText("2 GB");
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);

  await page.getByRole("link", { name: "Organisations" }).click();
  await page.getByRole("button", { name: "New organisation" }).click();
  await dialog.getByLabel("Name").fill("With a plan");
  await dialog.getByLabel("Address", { exact: true }).fill(unique);
  await dialog
    .getByLabel("Owner’s e-mail address")
    .fill(`owner@${unique}.test`);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "With a plan",
  );
  const part = page.getByRole("region", { name: "Plan" });
  await expect(part).toContainText("No plan");
  await page.getByRole("button", { name: "Change the plan" }).click();
  await dialog
    .getByRole("combobox", { name: "Plan", exact: true })
    .selectOption({ label: `Plan ${unique}` });
  await dialog
    .getByLabel("Seats: how much")
    .selectOption({ label: "At most…" });
  await dialog.getByLabel("Seats: at most").fill("12");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(
    part.getByRole("row", { name: "Seats 1 12 an operator" }),
  ).toBeVisible();
  await expect(
    part.getByRole("row", { name: /^Storage .*2 GB the plan$/ }),
  ).toBeVisible();

  await page.getByRole("button", { name: "Change the limits" }).click();
  await dialog.getByLabel("Depth of a document").fill("12");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(
    page.getByRole("row", { name: "Depth of a document 12 an operator" }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Dates" }).click();
  await dialog.getByLabel("Warned so many days before").fill("20");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expectAccessible(page);
  await expectNoSidewaysScrolling(page);

  // What an organisation has stays; what nobody has goes, once that was confirmed.
  const remove = async () => {
    await page.getByRole("link", { name: "Plans" }).click();
    await page
      .getByRole("button", { name: `Actions for Plan ${unique}` })
      .click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await dialog.getByRole("button", { name: "Remove" }).click();
  };
  await remove();
  await expect(dialog.getByRole("alert")).toContainText("1 organisation");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.goto(`${hosts.apex}/operator/tenants/${unique}`);
  await page.getByRole("button", { name: "Change the plan" }).click();
  await dialog
    .getByRole("combobox", { name: "Plan", exact: true })
    .selectOption({ label: "No plan" });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(part).toContainText("No plan");
  await remove();
  await expect(plan).toHaveCount(0);
});

test("a viewer is shown nothing to change, and a link that was used is refused", async ({
  page,
}) => {
  const link = inviteOperator(`viewer${Date.now()}@operators.test`, "viewer");
  await page.goto(link);
  const key = (await page.locator("code.secret").textContent()) ?? "";
  await page.getByLabel("1. Password").fill(secret);
  await page.getByLabel("3. Code").fill(totp(key));
  await page.getByRole("button", { name: "Set up", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Organisations",
  );
  await expect(
    page.getByRole("button", { name: "New organisation" }),
  ).toHaveCount(0);
  await page.goto(`${hosts.apex}/operator/tenants/acme`);
  await expect(page.getByRole("row", { name: /^Schema/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Suspend" })).toHaveCount(0);
  await page.goto(link);
  await expect(page.getByRole("alert")).toContainText("This link is not good");
  await expectAccessible(page);
});

test("there is no console at an organisation's address", async ({ page }) => {
  await page.goto(`${hosts.acme}/operator/tenants`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    /^Sign in to Acme/,
  );
});
