import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";

/** Where the server under test puts its mail: `mailbox` in its data directory, which scripts/browser-tests names. */
function mailbox(): string {
  const directory = process.env["TENANTRY_DATA_DIRECTORY"];
  if (directory === undefined)
    throw new Error("TENANTRY_DATA_DIRECTORY names the data directory of the server under test");
  return join(directory, "mailbox");
}

/** The text of the part that is plain text, of the messages to an address; the newest last. */
function mailTo(address: string): string[] {
  const directory = mailbox();
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith(".eml"));
  } catch {
    return [];
  }
  return names
    .sort()
    .map((name) => readFileSync(join(directory, name), "utf8"))
    .filter((message) => (/^To:.*$/im.exec(message)?.[0] ?? "").toLowerCase().includes(address.toLowerCase()))
    .map(decoded);
}

/** A message with its transfer encodings taken off, as far as links need it. */
function decoded(message: string): string {
  return message
    .split(/\r?\n(?=--)/)
    .map(part)
    .join("\n");
}

function part(text: string): string {
  const [head = "", ...rest] = text.split(/\r?\n\r?\n/);
  const body = rest.join("\n\n");
  const encoding = /^content-transfer-encoding:\s*(\S+)/im.exec(head)?.[1]?.toLowerCase();
  if (encoding === "base64") return Buffer.from(body, "base64").toString("utf8");
  if (encoding !== "quoted-printable") return body;
  return body
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Waits for a mail to an address that has a link to a page, and returns the link. Links seen before do not count. */
export async function linkInMail(address: string, page: string, seen: readonly string[] = []): Promise<string> {
  let found: string | undefined;
  await expect(() => {
    const pattern = new RegExp(`https?://[^\\s"'<>]+/${page}#[^\\s"'<>]+`, "g");
    found = mailTo(address)
      .flatMap((text) => text.match(pattern) ?? [])
      .filter((link) => !seen.includes(link))
      .at(-1);
    expect(found).toBeDefined();
  }).toPass({ timeout: 20_000 });
  return found ?? "";
}
