import { useMutation } from "@apollo/client/react";
import { Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { ChangePasswordDocument } from "../generated/graphql.ts";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { CurrentPasswordInput, NewPasswordInput, passwordCheck } from "./NewPasswordInput.tsx";

/** Changes the password. Everywhere else one is signed out then. */
export function PasswordForm({ onChange }: { onChange: () => Promise<void> }) {
  const [change] = useMutation(ChangePasswordDocument);
  const form = useForm({
    initialValues: { currentPassword: "", newPassword: "" },
    validate: {
      currentPassword: (value) => (value === "" ? "Enter your present password." : null),
      newPassword: passwordCheck,
    },
  });
  const submission = useSubmission(form, async (input) => {
    await change({ variables: { input } });
    form.reset();
    announceDone("Your password is changed. Everywhere else you are signed out.");
    await onChange();
  });
  return (
    <Form submission={submission} submitLabel="Change the password" label="Change the password">
      <Stack>
        <CurrentPasswordInput label="Present password" {...form.getInputProps("currentPassword")} />
        <NewPasswordInput label="New password" {...form.getInputProps("newPassword")} />
      </Stack>
    </Form>
  );
}
