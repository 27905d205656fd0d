import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, test as base, expect, type Page } from "@playwright/test";
import { linkInMail } from "./mailbox.ts";

const port = process.env["TENANTRY_TEST_PORT"] ?? process.env["BASE_PORT"] ?? "8000";
export const password = "tenantry-demo";

/** The host names of the demo; Chromium finds `*.localhost` on this machine by itself. */
export const hosts = {
  acme: `http://acme.localhost:${port}`,
  globex: `http://globex.localhost:${port}`,
  apex: `http://localhost:${port}`,
  unknown: `http://nowhere.localhost:${port}`,
} as const;

export type Tenant = "acme" | "globex";
export type Person = "owner" | "hr" | "manager" | "employee";

/** A test whose page must keep to the Content-Security-Policy, load from its own host alone and report no fault. */
export const test = base.extend<{ faults: string[] }>({
  faults: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("console", (message) => {
        const text = message.text();
        // A request that the test means to be refused is no fault of the page.
        if (message.type() === "error" && !text.startsWith("Failed to load resource")) faults.push(text);
      });
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("request", (request) => {
        const { protocol, hostname } = new URL(request.url());
        const own = hostname === "localhost" || hostname.endsWith(".localhost");
        if (protocol.startsWith("http") && !own) faults.push(`loads from elsewhere: ${request.url()}`);
      });
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
        });
      });
      await use(faults);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Signs in by the form, as a person does, and waits for the directory or the page at `path`. */
export async function signIn(page: Page, tenant: Tenant, person: Person, path = "/"): Promise<void> {
  await page.goto(hosts[tenant] + path);
  await page.getByLabel("E-mail address").fill(`${person}@${tenant}.test`);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("navigation", { name: "Pages", exact: true })).toBeVisible();
}

/** Signs in by the form of the page that is open, whoever it is. */
export async function signInAs(page: Page, email: string, secret: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Somebody whom no other test knows, a member of acme by an invitation: for what a test changes about an account. */
export async function newMember(
  page: Page,
  browser: Browser,
  role = "Employee",
): Promise<{ email: string; secret: string; name: string }> {
  const name = uniqueName();
  const email = `${name.toLowerCase()}@acme.test`;
  const secret = `password of ${name}`;
  const context = await browser.newContext();
  const owner = await context.newPage();
  await signIn(owner, "acme", "owner", "/members");
  await owner.getByRole("button", { name: "Invite someone" }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByLabel("E-mail address").fill(email);
  await dialog.getByLabel("Role").selectOption({ label: role });
  await dialog.getByRole("button", { name: "Invite" }).click();
  await expect(dialog).toBeHidden();
  await context.close();

  await page.goto(await linkInMail(email, "invitation"));
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Join" }).click();
  await expect(page.getByRole("navigation", { name: "Pages", exact: true })).toBeVisible();
  return { email, secret, name };
}

/** Signs out by the menu. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Sign in to/);
}

/** Waits until nothing on the page is still being loaded. */
export async function expectLoaded(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByText("Loading…")).toHaveCount(0);
  await expect(page.locator(".mantine-Skeleton-root")).toHaveCount(0);
}

/** The names in the directory, from top to bottom. */
export async function namesShown(page: Page): Promise<string[]> {
  await expect(page.getByRole("rowheader").first()).toBeVisible();
  return page.getByRole("rowheader").getByRole("link").allTextContents();
}

/** An access token, and a way to call the API with it from Chromium, which alone knows the hosts. */
export async function accessToken(page: Page, tenant: Tenant, person: Person): Promise<string> {
  const { body } = await call(page, {
    query: "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }",
    variables: { input: { email: `${person}@${tenant}.test`, password } },
  });
  return (body as { data: { signIn: { accessToken: string } } }).data.signIn.accessToken;
}

/** Calls the API of the host that the page is on. */
export async function call(
  page: Page,
  operation: { query: string; variables?: Record<string, unknown> },
  token?: string,
): Promise<{ status: number; body: unknown }> {
  return page.evaluate(
    async ({ operation, token }) => {
      const response = await fetch("/graphql", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(operation),
      });
      return { status: response.status, body: (await response.json()) as unknown };
    },
    { operation, token },
  );
}

/** The code of the first error of a GraphQL response. */
export function codeOf(body: unknown): string | undefined {
  return (body as { errors?: { extensions?: { code?: string } }[] }).errors?.[0]?.extensions?.code;
}

/** Fails with what axe finds wrong for people with disabilities, by WCAG 2.2 A and AA and axe's own best practice. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  expect(
    violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
    })),
  ).toEqual([]);
}

/** Fails when the page is wider than the window, so that a person on a phone would have to push it to and fro. */
export async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const { content, window } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    window: document.documentElement.clientWidth,
  }));
  expect(content).toBeLessThanOrEqual(window);
}

/** A name that no demo person and no other test has. */
export function uniqueName(): string {
  return `T${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
}
