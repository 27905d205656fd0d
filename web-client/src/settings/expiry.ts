/** How long an API key may live, for the choice. Empty: until it is ended. */
export const lifetimes = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "", label: "Until I end it" },
] as const;

/** The instant after so many days; null for none. */
export function expiryAfter(days: string, now: Date): string | null {
  if (days === "") return null;
  return new Date(now.getTime() + Number(days) * 86_400_000).toISOString();
}

/** Whether a key still works, and if not, why. */
export function standing(
  key: { endedAt: string | null; expiresAt: string | null },
  now: Date,
): "live" | "ended" | "expired" {
  if (key.endedAt !== null) return "ended";
  return key.expiresAt !== null && Date.parse(key.expiresAt) <= now.getTime() ? "expired" : "live";
}
