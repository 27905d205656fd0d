import { Alert, Anchor, Button, Divider, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type ReactNode, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { CurrentPasswordInput } from "../account/NewPasswordInput.tsx";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { AlertIcon } from "../ui/icons.tsx";
import { ProblemText } from "../ui/states.tsx";
import { useDoor } from "./context.ts";
import { DoorFrame } from "./DoorFrame.tsx";
import { challengeIn } from "./entrance.ts";
import { knowsPasskeys } from "./passkey.ts";
import { providerProblem } from "./provider-problem.ts";
import { SecondFactorForm } from "./SecondFactorForm.tsx";

/** Asks who the person is. It stands at any address, so that the page they came for appears afterwards. */
export function SignInPage({ children }: { children?: ReactNode }) {
  const door = useDoor();
  const [challenge, setChallenge] = useState<string | null>(null);

  if (challenge !== null) {
    return (
      <DoorFrame title="Confirm that it is you" subtitle="Your account asks for a second proof besides the password.">
        <SecondFactorForm challenge={challenge} onCancel={() => setChallenge(null)} />
      </DoorFrame>
    );
  }
  return (
    <DoorFrame
      title="Sign in"
      heading={
        <>
          Sign in to <bdi>{door.name}</bdi>
        </>
      }
    >
      <ProviderProblem />
      <PasswordForm onChallenge={setChallenge} />
      <OtherWays />
      {children}
    </DoorFrame>
  );
}

/** Why the identity provider's way has led back here. */
function ProviderProblem() {
  const [parameters] = useSearchParams();
  const code = parameters.get("problem");
  if (code === null) return null;
  return (
    <Alert color="red" variant="light" role="alert" icon={<AlertIcon />} mb="md">
      {providerProblem(code)}
    </Alert>
  );
}

function PasswordForm({ onChallenge }: { onChallenge: (challenge: string) => void }) {
  const door = useDoor();
  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: {
      email: (value) => (value.trim() === "" ? "Enter your e-mail address." : null),
      password: (value) => (value === "" ? "Enter your password." : null),
    },
  });
  const submission = useSubmission(form, async ({ email, password }) => {
    try {
      await door.signIn(email.trim(), password);
    } catch (error) {
      const challenge = challengeIn(error);
      if (challenge === null) throw error;
      onChallenge(challenge);
    }
  });
  return (
    <Form submission={submission} submitLabel="Sign in" label="Sign in">
      <Stack>
        <TextInput
          label="E-mail address"
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          {...form.getInputProps("email")}
        />
        <CurrentPasswordInput label="Password" {...form.getInputProps("password")} />
        <Anchor component={Link} to="/forgot-password" size="sm">
          Forgot your password?
        </Anchor>
      </Stack>
    </Form>
  );
}

/** The ways in without a password. */
function OtherWays() {
  const door = useDoor();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const passkeys = knowsPasskeys();
  if (!passkeys && door.identityProvider === null) return null;

  const byPasskey = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await door.passkey();
    } catch (error) {
      setProblem(readProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Divider label="or" my="lg" />
      <Stack gap="sm">
        {problem !== null && (
          <Alert color="red" variant="light" role="alert" icon={<AlertIcon />}>
            <ProblemText problem={problem} />
          </Alert>
        )}
        {door.identityProvider !== null && (
          <Button component="a" href="/auth/sign-in" variant="default" fullWidth>
            <Text span inherit truncate>
              Continue with <bdi>{door.identityProvider}</bdi>
            </Text>
          </Button>
        )}
        {passkeys && (
          <Button variant="default" fullWidth loading={busy} onClick={byPasskey}>
            Use a passkey
          </Button>
        )}
      </Stack>
    </>
  );
}
