import { useMutation } from "@apollo/client/react";
import { Code, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { ConfirmAuthenticatorDocument, type SetUpAuthenticatorMutation } from "../generated/graphql.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { qrPath } from "./qr.ts";

/** What an authenticator app has to know. */
export type SetUp = SetUpAuthenticatorMutation["setUpAuthenticator"];

/** Shows the secret to an authenticator app, and asks for a first code as the proof that it has it. */
export function AuthenticatorSetUp(props: {
  setUp: SetUp;
  onCancel: () => void;
  onConfirmed: (recoveryCodes: readonly string[]) => Promise<void>;
}) {
  const { setUp } = props;
  const [confirm] = useMutation(ConfirmAuthenticatorDocument, { fetchPolicy: "no-cache" });
  const form = useForm({
    initialValues: { code: "" },
    validate: { code: (value) => (/^\d{6}$/.test(value.replace(/[\s-]/g, "")) ? null : "Enter the six digits.") },
  });
  const submission = useSubmission(form, async ({ code }) => {
    const { data } = await confirm({ variables: { input: { code: code.replace(/[\s-]/g, "") } } });
    await props.onConfirmed(data?.confirmAuthenticator.recoveryCodes ?? []);
  });
  const { size, path } = qrPath(setUp.uri);
  return (
    <Form submission={submission} submitLabel="Confirm" label="Set up an authenticator" onCancel={props.onCancel}>
      <Stack>
        <Text size="sm">1. Let the app scan this code, or type the key into it.</Text>
        <svg
          className="qr-code"
          viewBox={`0 0 ${size} ${size}`}
          shapeRendering="crispEdges"
          role="img"
          aria-label="The key as a QR code"
        >
          <rect width={size} height={size} fill="#fff" />
          <path d={path} fill="#000" />
        </svg>
        <Text size="sm">
          Key: <Code className="secret">{setUp.secret.replace(/(.{4})(?=.)/g, "$1 ")}</Code>
        </Text>
        <TextInput
          label="2. Code"
          description="The six digits that the app shows now"
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          withAsterisk={false}
          {...form.getInputProps("code")}
        />
      </Stack>
    </Form>
  );
}
