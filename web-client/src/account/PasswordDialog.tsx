import { Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { CurrentPasswordInput } from "./NewPasswordInput.tsx";

interface Props {
  title: string;
  submitLabel: string;
  danger?: boolean;
  children: ReactNode;
  /** Called with the password; the dialog stays open, and shows why, when it rejects. */
  onSend: (password: string) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for the password once more before something that decides who gets in. */
export function PasswordDialog(props: Props) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {(close) => <AskForm {...props} close={close} />}
    </Dialog>
  );
}

function AskForm(props: Props & { close: Close }) {
  const form = useForm({
    initialValues: { password: "" },
    validate: { password: (value) => (value === "" ? "Enter your password." : null) },
  });
  const submission = useSubmission(form, async ({ password }) => {
    await props.onSend(password);
    props.close(props.danger);
  });
  return (
    <Form
      submission={submission}
      submitLabel={props.submitLabel}
      danger={props.danger === true}
      onCancel={() => props.close()}
    >
      <Stack>
        <Text size="sm">{props.children}</Text>
        <CurrentPasswordInput label="Your password" data-autofocus {...form.getInputProps("password")} />
      </Stack>
    </Form>
  );
}
