import type { ExportFieldsFragment } from "../generated/graphql.ts";

/** An export that waits to be made, for a test, with what the test says about it. */
export function waitingExport(values: Partial<ExportFieldsFragment> = {}): ExportFieldsFragment {
  return {
    id: "e-1",
    format: "CSV",
    state: "WAITING",
    askedAt: "2026-11-21T09:00:00Z",
    finishedAt: null,
    expiresAt: null,
    bytes: null,
    problem: null,
    ...values,
  };
}

/** An export that can be downloaded, for a test, with what the test says about it. */
export function doneExport(values: Partial<ExportFieldsFragment> = {}): ExportFieldsFragment {
  return waitingExport({
    state: "DONE",
    finishedAt: "2026-11-21T09:01:00Z",
    expiresAt: "2026-11-28T09:01:00Z",
    bytes: 1_500_000,
    ...values,
  });
}
