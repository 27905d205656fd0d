import { expect, test, vi } from "vitest";
import { platformSessionApi } from "../apex/session.ts";
import { operatorSessionApi } from "../operator/session.ts";
import { sessionApi } from "./browser.ts";

test.each([
  ["an organisation", sessionApi],
  ["the apex", platformSessionApi],
  ["the console", operatorSessionApi],
])("of %s goes by the cookie alone, for an access token may have ended meanwhile", async (_, api) => {
  const sent = vi.fn();
  vi.stubGlobal("fetch", (address: string, { credentials, headers }: RequestInit) => {
    sent(address, credentials, new Headers(headers).has("authorization"));
    return Promise.resolve(Response.json({ data: { signOut: { signedOut: true } } }));
  });
  await api("/api").signOut();
  expect(sent).toHaveBeenCalledExactlyOnceWith("/api", "include", false);
});
