import type { SupportGrantFieldsFragment } from "../generated/graphql.ts";

/** A request to look in that waits for an owner, for a test, with what the test says about it. */
export function askedGrant(values: Partial<SupportGrantFieldsFragment> = {}): SupportGrantFieldsFragment {
  return {
    id: "grant-1",
    state: "ASKED",
    operatorName: "Olga Operator",
    operatorEmail: "olga@operators.test",
    reason: "The import fails",
    hours: 2,
    askedAt: "2026-11-21T08:00:00Z",
    lapsesAt: "2026-11-24T08:00:00Z",
    decidedAt: null,
    decidedBy: null,
    expiresAt: null,
    lastEnteredAt: null,
    endedAt: null,
    endedBy: null,
    ...values,
  };
}

/** A request that Ann Owner has consented to, for a test, with what the test says about it. */
export function openGrant(values: Partial<SupportGrantFieldsFragment> = {}): SupportGrantFieldsFragment {
  return askedGrant({
    state: "OPEN",
    decidedAt: "2026-11-21T09:00:00Z",
    decidedBy: "Ann Owner",
    expiresAt: "2026-11-21T11:00:00Z",
    ...values,
  });
}
