import { PasswordInput, type PasswordInputProps } from "@mantine/core";

/** The shortest password that the server takes, in characters. */
const shortest = 10;

/** What is wrong with a password that is to be chosen, before the server says. */
export function passwordCheck(value: string): string | null {
  if (value === "") return "Choose a password.";
  return Array.from(value).length < shortest ? `A password has at least ${shortest} characters.` : null;
}

/** An input for a password that is to be chosen. */
export function NewPasswordInput(props: PasswordInputProps) {
  return (
    <PasswordInput
      description={`At least ${shortest} characters. A few words that only you would put together are best.`}
      autoComplete="new-password"
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
      // Mantine leaves it out here, and a form finds by it what to put the focus on.
      aria-invalid={Boolean(props.error)}
      {...props}
    />
  );
}

/** An input for the password that one has. */
export function CurrentPasswordInput(props: PasswordInputProps) {
  return (
    <PasswordInput
      autoComplete="current-password"
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
      // Mantine leaves it out here, and a form finds by it what to put the focus on.
      aria-invalid={Boolean(props.error)}
      {...props}
    />
  );
}
