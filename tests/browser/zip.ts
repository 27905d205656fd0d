import { inflateRawSync } from "node:zlib";

/** The files of a zip by their names, found as any program finds them: by the list at its end. */
export function unzip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  if (end < 0) throw new Error("this is no zip");
  const files = new Map<string, Buffer>();
  let entry = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count -= 1) {
    const [name, extra, comment] = [28, 30, 32].map((at) => zip.readUInt16LE(entry + at)) as [number, number, number];
    const after = entry + 46 + name;
    const local = zip.readUInt32LE(entry + 42);
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const size = sizeOf(zip.readUInt32LE(entry + 20), zip.subarray(after, after + extra));
    const content = zip.subarray(data, data + size);
    files.set(
      zip.toString("utf8", entry + 46, after),
      zip.readUInt16LE(entry + 10) === 0 ? content : inflateRawSync(content),
    );
    entry = after + extra + comment;
  }
  return files;
}

/** The size of what is packed; that of a file that might have got large stands in its extra fields. */
function sizeOf(size: number, extra: Buffer): number {
  if (size !== 0xffffffff) return size;
  for (let at = 0; at < extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1) return Number(extra.readBigUInt64LE(at + 12));
  }
  throw new Error("a file has no size");
}
