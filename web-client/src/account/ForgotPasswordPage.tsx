import { Anchor, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Link } from "react-router";
import { request } from "../api/request.ts";
import { RequestPasswordResetDocument } from "../generated/graphql.ts";
import { useDoor } from "../session/context.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { Form, useSubmission } from "../ui/form.tsx";

/** Asks where to send the link by which a new password is chosen. */
export function ForgotPasswordPage() {
  const door = useDoor();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useForm({
    initialValues: { email: "" },
    validate: { email: (value) => (value.trim() === "" ? "Enter your e-mail address." : null) },
  });
  const submission = useSubmission(form, async ({ email }) => {
    await request(door.address, RequestPasswordResetDocument, { input: { email: email.trim() } });
    setSentTo(email.trim());
  });

  return (
    <DoorFrame title={sentTo === null ? "Forgot your password?" : "Look into your mail"}>
      {sentTo === null ? (
        <Form submission={submission} submitLabel="Send the link" label="Forgot your password?">
          <TextInput
            label="E-mail address"
            description="We send a link there by which you choose a new password."
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            {...form.getInputProps("email")}
          />
        </Form>
      ) : (
        <Stack role="status" gap="xs">
          <Text size="sm">
            If there is an account with the address <bdi>{sentTo}</bdi>, a link is on its way there. It works once, for
            an hour.
          </Text>
          <Text size="sm">Nothing there? Look among the unwanted mail, and check the address.</Text>
        </Stack>
      )}
      <Anchor component={Link} to="/" size="sm" mt="md" display="inline-block">
        Back to signing in
      </Anchor>
    </DoorFrame>
  );
}
