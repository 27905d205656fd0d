import { defineConfig } from "@playwright/test";

const executable = process.env["TENANTRY_TEST_CHROMIUM"] ?? process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const root = process.getuid?.() === 0;

// The tests run against a program that has been started with the demo tenants (see scripts/browser-tests). They share
// its data, so what one hires must not disturb another: each looks only at what it made, or at what none changes.
export default defineConfig({
  testDir: ".",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    // A screen reader's person and a test have no use for a fade.
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: executable,
      args: [
        // Chromium's sandbox does not run as root.
        ...(root ? ["--no-sandbox"] : []),
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--no-first-run",
      ],
    },
  },
  projects: [
    {
      name: "desktop",
      use: { viewport: { width: 1280, height: 800 } },
      // The screenshot is no test; `npm run screenshot` makes it.
      testIgnore: [
        "phone.spec.ts",
        ...(process.env["TENANTRY_SCREENSHOT"] === undefined ? ["screenshot.spec.ts"] : []),
      ],
    },
    {
      name: "phone",
      // 375 px is what the narrowest phones in use have.
      use: { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true },
      testMatch: ["accessibility.spec.ts", "phone.spec.ts"],
    },
  ],
});
