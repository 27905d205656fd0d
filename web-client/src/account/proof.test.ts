import { expect, test } from "vitest";
import { proofChecks, proofInput } from "./proof.tsx";

test("six digits are a code of the app, anything else a recovery code", () => {
  const password = "secret";
  expect(proofInput({ password, code: "" })).toEqual({ password });
  expect(proofInput({ password, code: " 123 456 " })).toEqual({ password, code: "123456" });
  expect(proofInput({ password, code: "123-456" })).toEqual({ password, code: "123456" });
  expect(proofInput({ password, code: " abcd-efgh-jkmn-pqrs " })).toEqual({
    password,
    recoveryCode: "abcd-efgh-jkmn-pqrs",
  });
});

test("a code is asked for where there is an authenticator", () => {
  expect(proofChecks(true).code("")).not.toBeNull();
  expect(proofChecks(false).code("")).toBeNull();
});
