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
