import encode from "qr";

/** A QR code as the outline of its dark squares, for the `d` of an SVG path; `size` squares wide and high. */
export function qrPath(content: string): { size: number; path: string } {
  const rows = encode(content, "raw", { ecc: "medium", border: 4 });
  const parts: string[] = [];
  rows.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark) parts.push(`M${x} ${y}h1v1h-1z`);
    }),
  );
  return { size: rows.length, path: parts.join("") };
}
