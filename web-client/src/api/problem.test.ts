import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import { describe, expect, test } from "vitest";
import { fieldFor } from "../ui/form.tsx";
import { networkProblem, ProblemError } from "./problem.ts";
import { readProblem } from "./read-problem.ts";

const refusal = (code: string) => ({
  errors: [{ message: "No.", extensions: { code, field: "name", requestId: "7" } }],
});

describe("a problem is read from", () => {
  test("the errors of a response", () => {
    expect(readProblem(new CombinedGraphQLErrors(refusal("CONFLICT")))).toEqual({
      code: "CONFLICT",
      message: "No.",
      field: "name",
      requestId: "7",
    });
  });

  test("the body of a refused request", () => {
    const error = new ServerError("503", {
      response: new Response(null, { status: 503 }),
      bodyText: JSON.stringify(refusal("TENANT_MIGRATING")),
    });
    expect(readProblem(error).code).toBe("TENANT_MIGRATING");
  });

  test("a body that the API cannot have given", () => {
    const error = new ServerError("502", {
      response: new Response(null, { status: 502 }),
      bodyText: "<html>Bad gateway</html>",
    });
    expect(readProblem(error)).toEqual(networkProblem);
  });

  test("our own error, a failed fetch, and a code that nobody knows", () => {
    expect(readProblem(new ProblemError(networkProblem))).toBe(networkProblem);
    expect(readProblem(new TypeError("Failed to fetch")).code).toBe("NETWORK");
    expect(readProblem(new CombinedGraphQLErrors(refusal("SOMETHING_NEW"))).code).toBe("INTERNAL");
  });
});

test.each([
  ["workEmail", "workEmail"],
  ["input.workEmail", "workEmail"],
  ["input.personal.birthDate", "birthDate"],
  ["salary.amount", "salary"],
  ["salary.currency", "currency"],
  ["unknown", null],
  [null, null],
])("the field %s is the input %s", (path, expected) => {
  expect(fieldFor(path, ["workEmail", "birthDate", "salary", "currency"])).toBe(expected);
});
