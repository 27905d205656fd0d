import { createHmac } from "node:crypto";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const period = 30_000;

/** The six digits that an authenticator app shows for a secret in base 32 (RFC 6238). */
export function totp(secret: string, at: number = Date.now()): string {
  const bits = Array.from(secret.replace(/[\s=]/g, "").toUpperCase(), (letter) =>
    alphabet.indexOf(letter).toString(2).padStart(5, "0"),
  ).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / period)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 0xf;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The code of the step after this one: a server takes no code twice, and knows a clock that runs a little ahead. */
export function nextTotp(secret: string): string {
  return totp(secret, Date.now() + period);
}
