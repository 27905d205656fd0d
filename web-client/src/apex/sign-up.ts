/** Where this browser keeps the key of its sign-up: it shows that whoever confirms is whoever asked, also in another tab. */
const name = "tenantry-sign-up-key";

/** The longest first part of an address. */
const longest = 63;

/** An address for an organisation of this name: what there is in it of the letters a to z and of digits. */
export function proposeSlug(organisation: string): string {
  return organisation
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("æ", "ae")
    .replaceAll("ø", "o")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[’']/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, longest)
    .replace(/^-+|-+$/g, "");
}

/** Keeps the key until the sign-up is confirmed. */
export function keepKey(key: string, storage: Pick<Storage, "setItem">): void {
  storage.setItem(name, key);
}

/** The key of the sign-up that this browser has asked for last; null where it has not. */
export function keptKey(storage: Pick<Storage, "getItem">): string | null {
  return storage.getItem(name);
}

/** Forgets the key, which is of no use any more. */
export function forgetKey(storage: Pick<Storage, "removeItem">): void {
  storage.removeItem(name);
}
