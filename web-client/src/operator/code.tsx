import { TextInput, type TextInputProps } from "@mantine/core";

/** An input for the code of the authenticator app. */
export function CodeInput(props: TextInputProps) {
  return (
    <TextInput
      label="Code"
      description="The six digits that your authenticator app shows now"
      autoComplete="one-time-code"
      inputMode="numeric"
      required
      withAsterisk={false}
      {...props}
    />
  );
}

/** A code as it is sent. */
export function digits(code: string): string {
  return code.replace(/[\s-]/g, "");
}
