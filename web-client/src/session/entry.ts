import { baseDomain } from "../api/address.ts";
import { byChance } from "./chance.ts";

/** Where a page keeps the nonce of its way in: of this host and this tab alone. */
const key = "tenantry-entry-nonce";

/** The address of the apex, where this host is an organisation's under the base domain; null on a domain of its own. */
export function apexAddress(
  slug: string | null,
  place: Pick<Location, "protocol" | "hostname" | "port">,
): string | null {
  if (slug === null || !place.hostname.startsWith(`${slug}.`)) return null;
  const port = place.port === "" ? "" : `:${place.port}`;
  return `${place.protocol}//${baseDomain(place, false)}${port}`;
}

/** What stands behind the `#` where an operator begins whom an owner has let in. No code is as short. */
export const forSupport = "support";

/**
 * The address on the apex that leads back here with a code: for members, or at the console of operators. The nonce in it stays
 * here, and the code is good together with it alone.
 */
export function beginEntry(
  slug: string,
  apex: string,
  storage: Pick<Storage, "setItem">,
  page: "/enter" | "/operator/enter" = "/enter",
): string {
  const nonce = byChance();
  storage.setItem(key, nonce);
  return `${apex}${page}#${slug}.${nonce}`;
}

/** The nonce that was kept, which is forgotten by it; empty where this tab has not begun a way in. */
export function takeNonce(storage: Pick<Storage, "getItem" | "removeItem">): string {
  const nonce = storage.getItem(key) ?? "";
  storage.removeItem(key);
  return nonce;
}

/** The organisation and the nonce that `beginEntry` has sent to the apex; null for anything else. */
export function readEntry(fragment: string): { slug: string; nonce: string } | null {
  const [, slug, nonce] = /^([a-z0-9-]+)\.([0-9a-f]{48})$/.exec(fragment) ?? [];
  return slug === undefined || nonce === undefined ? null : { slug, nonce };
}
