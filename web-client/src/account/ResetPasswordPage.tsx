import { Anchor, Button, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Link } from "react-router";
import { request } from "../api/request.ts";
import { ResetPasswordDocument } from "../generated/graphql.ts";
import { useDoor } from "../session/context.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { useFragment } from "../session/fragment.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { NewPasswordInput, passwordCheck } from "./NewPasswordInput.tsx";

/** Where the mail about a forgotten password leads. */
export function ResetPasswordPage() {
  const door = useDoor();
  const token = useFragment();
  const [doneWith, setDoneWith] = useState<string | null>(null);
  const form = useForm({ initialValues: { newPassword: "" }, validate: { newPassword: passwordCheck } });
  const submission = useSubmission(form, async ({ newPassword }) => {
    await request(door.address, ResetPasswordDocument, { input: { token, newPassword } });
    setDoneWith(token);
  });

  // Another link may be opened in the same tab.
  if (doneWith === token) {
    return (
      <DoorFrame title="Your password is changed">
        <Text size="sm" role="status">
          You have been signed out everywhere. Sign in with the new password.
        </Text>
        <Button component="a" href="/" mt="md">
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
        <NewPasswordInput label="New password" {...form.getInputProps("newPassword")} />
      </Form>
      {submission.problem !== null && (
        <Anchor component={Link} to="/forgot-password" size="sm" mt="md" display="inline-block">
          Have another link sent
        </Anchor>
      )}
    </DoorFrame>
  );
}
