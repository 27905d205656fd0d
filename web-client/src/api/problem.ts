/** The server's error codes, and NETWORK for a request that got no answer from it. */
export type ProblemCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "BAD_USER_INPUT"
  | "CONFLICT"
  | "TENANT_NOT_FOUND"
  | "TENANT_MISMATCH"
  | "TENANT_SUSPENDED"
  | "TENANT_PAST_DUE"
  | "TENANT_READ_ONLY"
  | "TENANT_MAINTENANCE"
  | "TENANT_DELETING"
  | "TENANT_MOVED"
  | "TENANT_MIGRATING"
  | "SECOND_FACTOR_REQUIRED"
  | "QUOTA_EXCEEDED"
  | "FEATURE_NOT_INCLUDED"
  | "RATE_LIMITED"
  | "INTERNAL"
  | "NETWORK";

/** Why a request did not succeed, whatever the layer that noticed. */
export interface Problem {
  code: ProblemCode;
  /** A sentence for the person. */
  message: string;
  /** The path of the GraphQL input that the server refused, such as `workEmail`. */
  field: string | null;
  /** What to tell the operator, so that the failure is found in the log. */
  requestId: string | null;
  /** What a sign-in that still wants the second factor is continued with. */
  challenge?: string;
  /** Where to go instead: the organisation's new address, or where its owners pay for it or take its deletion back. */
  url?: string;
}

/** Those with which a whole organisation is refused: whatever one does in it, the answer is the same. */
const closed: ReadonlySet<ProblemCode> = new Set([
  "TENANT_NOT_FOUND",
  "TENANT_SUSPENDED",
  "TENANT_PAST_DUE",
  "TENANT_MAINTENANCE",
  "TENANT_DELETING",
  "TENANT_MOVED",
  "TENANT_MIGRATING",
]);

/** Whether the organisation as a whole cannot be used. */
export function isClosed(problem: Problem): boolean {
  return closed.has(problem.code);
}

const codes: ReadonlySet<string> = new Set<ProblemCode>([
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "BAD_USER_INPUT",
  "CONFLICT",
  "TENANT_NOT_FOUND",
  "TENANT_MISMATCH",
  "TENANT_SUSPENDED",
  "TENANT_PAST_DUE",
  "TENANT_READ_ONLY",
  "TENANT_MAINTENANCE",
  "TENANT_DELETING",
  "TENANT_MOVED",
  "TENANT_MIGRATING",
  "SECOND_FACTOR_REQUIRED",
  "QUOTA_EXCEEDED",
  "FEATURE_NOT_INCLUDED",
  "RATE_LIMITED",
  "INTERNAL",
]);

/** A request that got no answer, or one that the API cannot have given. */
export const networkProblem: Problem = {
  code: "NETWORK",
  message: "The server could not be reached. Check your connection and try again.",
  field: null,
  requestId: null,
};

interface RawError {
  message?: unknown;
  extensions?:
    { code?: unknown; field?: unknown; requestId?: unknown; challenge?: unknown; url?: unknown } | null | undefined;
}

function isCode(value: unknown): value is ProblemCode {
  return typeof value === "string" && codes.has(value);
}

/** The problem that the first error of a GraphQL response names. */
export function problemOf(errors: readonly RawError[]): Problem {
  const error = errors[0];
  const extensions = error?.extensions ?? {};
  return {
    // A code that is not in the catalogue comes from a fault, not from what the person did.
    code: isCode(extensions.code) ? extensions.code : "INTERNAL",
    message: typeof error?.message === "string" ? error.message : "Something went wrong on the server.",
    field: typeof extensions.field === "string" ? extensions.field : null,
    requestId: typeof extensions.requestId === "string" ? extensions.requestId : null,
    ...(typeof extensions.challenge === "string" ? { challenge: extensions.challenge } : {}),
    ...(typeof extensions.url === "string" ? { url: extensions.url } : {}),
  };
}

/** The errors in the body of an HTTP response, if it is a GraphQL response. */
export function errorsIn(body: string): RawError[] | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !("errors" in parsed)) return null;
    return Array.isArray(parsed.errors) && parsed.errors.length > 0 ? (parsed.errors as RawError[]) : null;
  } catch {
    return null;
  }
}

/** A request that the server refused or that never reached it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.name = "ProblemError";
    this.problem = problem;
  }
}
