import { Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { CurrentPasswordInput } from "./NewPasswordInput.tsx";

/** What a person types to prove that the account is theirs. */
export interface Proof {
  password: string;
  /** A code of the authenticator app or a recovery code; empty for an account without an app. */
  code: string;
}

/** The same as the API takes it. */
export interface ProofInput {
  password: string;
  code?: string;
  recoveryCode?: string;
}

export const emptyProof: Proof = { password: "", code: "" };

/** What is wrong with a proof, before the server says. */
export function proofChecks(hasAuthenticator: boolean) {
  return {
    password: (value: string) => (value === "" ? "Enter your password." : null),
    code: (value: string) => (hasAuthenticator && value.trim() === "" ? "Enter a code." : null),
  };
}

/** Six digits are a code of the app, however they are grouped; anything else is a recovery code. */
export function proofInput({ password, code }: Proof): ProofInput {
  const digits = code.replace(/[\s-]/g, "");
  if (digits === "") return { password };
  return /^\d{6}$/.test(digits) ? { password, code: digits } : { password, recoveryCode: code.trim() };
}

/** Asks for the password, and for a code where the account has an authenticator app. */
export function ProofInputs<Values extends Proof>(props: {
  form: UseFormReturnType<Values>;
  hasAuthenticator: boolean;
}) {
  return (
    <Stack>
      <CurrentPasswordInput label="Your password" data-autofocus {...props.form.getInputProps("password")} />
      {props.hasAuthenticator && (
        <TextInput
          label="Code of your authenticator"
          description="The six digits that the app shows now, or a recovery code"
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          {...props.form.getInputProps("code")}
        />
      )}
    </Stack>
  );
}
