import { Anchor, Button, Checkbox, List, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Link } from "react-router";
import { request } from "../api/request.ts";
import { ResetPasswordDocument, type ResetPasswordMutation } from "../generated/graphql.ts";
import { useDoor } from "../session/context.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { useFragment } from "../session/fragment.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { NewPasswordInput, passwordCheck } from "./NewPasswordInput.tsx";

type WaysIn = ResetPasswordMutation["resetPassword"];

/** Where the mail about a forgotten password leads. */
export function ResetPasswordPage() {
  const door = useDoor();
  const token = useFragment();
  const [done, setDone] = useState<{ token: string; ways: WaysIn } | null>(null);
  const form = useForm({
    initialValues: { newPassword: "", removePasskeys: true },
    validate: { newPassword: passwordCheck },
  });
  const submission = useSubmission(form, async ({ newPassword, removePasskeys }) => {
    const input = { token, newPassword, removePasskeys };
    const ways = (await request(door.address, ResetPasswordDocument, { input })).resetPassword;
    setDone({ token, ways });
  });

  // Another link may be opened in the same tab.
  if (done?.token === token) {
    return (
      <DoorFrame title="Your password is changed">
        <Text size="sm" role="status">
          You have been signed out everywhere. Sign in with the new password.
        </Text>
        <Left ways={done.ways} />
        <Button component="a" href="/security" mt="md">
          Sign in
        </Button>
      </DoorFrame>
    );
  }
  if (token === "") {
    return (
      <DoorFrame title="This link is not complete">
        <Text size="sm">Open the link of the mail again, all of it, or have another one sent.</Text>
        <Anchor component={Link} to="/forgot-password" size="sm" mt="md" display="inline-block">
          Have a link sent
        </Anchor>
      </DoorFrame>
    );
  }
  return (
    <DoorFrame title="Choose a new password">
      <Form submission={submission} submitLabel="Change the password" label="Choose a new password">
        <Stack>
          <NewPasswordInput label="New password" {...form.getInputProps("newPassword")} />
          <Checkbox
            label="Remove my passkeys too"
            description="If somebody else was in your account, they may have left one."
            {...form.getInputProps("removePasskeys", { type: "checkbox" })}
          />
        </Stack>
      </Form>
      {submission.problem !== null && (
        <Anchor component={Link} to="/forgot-password" size="sm" mt="md" display="inline-block">
          Have another link sent
        </Anchor>
      )}
    </DoorFrame>
  );
}

/** What lets in besides the new password: the page that one comes to after signing in is where it can be removed. */
function Left({ ways }: { ways: WaysIn }) {
  const facts = [
    ...(ways.passkeysRemoved > 0 ? ["Your passkeys have been removed. Add them again when you are signed in."] : []),
    ...ways.passkeys.map(({ name }) => `The passkey “${name}” still signs in.`),
    ...(ways.authenticatorConfirmedAt === null ? [] : ["A code of your authenticator app is still asked for."]),
  ];
  if (facts.length === 0) return null;
  return (
    <List size="sm" mt="sm">
      {facts.map((fact, index) => (
        <List.Item key={index}>{fact}</List.Item>
      ))}
    </List>
  );
}
