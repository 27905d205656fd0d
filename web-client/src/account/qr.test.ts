import decode from "qr/decode.js";
import { expect, test } from "vitest";
import { qrPath } from "./qr.ts";

const uri =
  "otpauth://totp/Tenantry:hr%40acme.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tenantry&algorithm=SHA1&digits=6&period=30";

/** Draws the path as a camera sees it. */
function picture({ size, path }: ReturnType<typeof qrPath>, scale: number) {
  const width = size * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let row = 0; row < scale; row += 1) {
      for (let column = 0; column < scale; column += 1) {
        const pixel = (Number(y) * scale + row) * width + Number(x) * scale + column;
        data.set([0, 0, 0, 255], pixel * 4);
      }
    }
  }
  return { width, height: width, data };
}

test("an app reads from the picture what is to be told it", () => {
  expect(decode(picture(qrPath(uri), 4))).toBe(uri);
});
