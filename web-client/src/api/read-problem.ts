import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import { errorsIn, networkProblem, type Problem, ProblemError, problemOf } from "./problem.ts";

/** The problem that anything thrown by a request describes, be it Apollo's or our own. */
export function readProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (CombinedGraphQLErrors.is(error)) return problemOf(error.errors);
  if (ServerError.is(error)) {
    const errors = errorsIn(error.bodyText);
    return errors === null ? networkProblem : problemOf(errors);
  }
  return networkProblem;
}
