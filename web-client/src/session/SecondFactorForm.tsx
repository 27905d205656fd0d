import { Anchor, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Form, useSubmission } from "../ui/form.tsx";
import { useDoor } from "./context.ts";

/** Asks for the code of the authenticator, or for a recovery code where the authenticator is not at hand. */
export function SecondFactorForm({ challenge, onCancel }: { challenge: string; onCancel: () => void }) {
  const [recovering, setRecovering] = useState(false);
  return (
    <>
      {recovering ? (
        <RecoveryForm challenge={challenge} onCancel={onCancel} />
      ) : (
        <CodeForm challenge={challenge} onCancel={onCancel} />
      )}
      <Anchor component="button" type="button" size="sm" mt="md" onClick={() => setRecovering(!recovering)}>
        {recovering ? "Use a code of the authenticator" : "Use a recovery code"}
      </Anchor>
    </>
  );
}

function CodeForm({ challenge, onCancel }: { challenge: string; onCancel: () => void }) {
  const door = useDoor();
  const form = useForm({
    initialValues: { code: "" },
    validate: { code: (value) => (/^\d{6}$/.test(digits(value)) ? null : "Enter the six digits.") },
  });
  const submission = useSubmission(form, ({ code }) => door.complete(challenge, { code: digits(code) }));
  return (
    <Form submission={submission} submitLabel="Continue" label="Second factor" onCancel={onCancel}>
      <TextInput
        label="Code"
        description="The six digits that your authenticator app shows now"
        autoComplete="one-time-code"
        inputMode="numeric"
        required
        withAsterisk={false}
        data-autofocus
        ref={focus}
        {...form.getInputProps("code")}
      />
    </Form>
  );
}

function RecoveryForm({ challenge, onCancel }: { challenge: string; onCancel: () => void }) {
  const door = useDoor();
  const form = useForm({
    initialValues: { recoveryCode: "" },
    validate: { recoveryCode: (value) => (value.trim() === "" ? "Enter a recovery code." : null) },
  });
  const submission = useSubmission(form, ({ recoveryCode }) =>
    door.complete(challenge, { recoveryCode: recoveryCode.trim() }),
  );
  return (
    <Form submission={submission} submitLabel="Continue" label="Recovery" onCancel={onCancel}>
      <Stack>
        <TextInput
          label="Recovery code"
          description="One of those that you kept when you set the authenticator up. Each works once."
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          ref={focus}
          {...form.getInputProps("recoveryCode")}
        />
      </Stack>
    </Form>
  );
}

/** People type the groups that an app shows. */
function digits(code: string): string {
  return code.replace(/[\s-]/g, "");
}

/** The form takes the place of another one, whose focus is gone. */
function focus(input: HTMLInputElement | null): void {
  input?.focus();
}
