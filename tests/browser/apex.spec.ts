import { expect, hosts, password, signIn, signInAs, signOut, test } from "./tenantry.ts";

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
  // The page must not go there and use the code up.
  await page.route(`${hosts.acme}/**`, (route) => route.abort());
  const aborted = page.waitForEvent("requestfailed", (request) => request.url().startsWith(hosts.acme));
  await page.goto(`${hosts.apex}/enter#acme.${"0".repeat(48)}`);
  await expect.poll(() => link).toBeDefined();
  await aborted;
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
