/** The states of a request for support access, in words: for owners and for operators. */
export const supportStates = {
  ASKED: { label: "Waits for an owner", color: "yellow" },
  LAPSED: { label: "Not answered", color: "gray" },
  WITHDRAWN: { label: "Withdrawn", color: "gray" },
  REFUSED: { label: "Refused", color: "gray" },
  OPEN: { label: "Let in", color: "red" },
  ENDED: { label: "Ended", color: "gray" },
  EXPIRED: { label: "Over", color: "gray" },
} as const;

const actions: Readonly<Record<string, string>> = {
  "support.requested": "Asked for",
  "support.consented": "Let in",
  "support.refused": "Refused",
  "support.withdrawn": "Withdrawn",
  "support.entered": "Entered",
  "support.left": "Left",
  "support.ended": "Ended",
  "support.given_back": "Given back",
  "support.revoked": "Taken away",
  "support.expired": "Ended by itself",
};

/** What was done about a request, in words; what is not known yet is shown by its own name. */
export function supportAction(action: string): string {
  return actions[action] ?? action;
}
