import { Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { emptyProof, proofChecks, type ProofInput, proofInput, ProofInputs } from "./proof.tsx";

interface Props {
  title: string;
  submitLabel: string;
  danger?: boolean;
  children: ReactNode;
  /** Whether a code is asked for besides. */
  hasAuthenticator: boolean;
  /** Called with the proof; the dialog stays open, and shows why, when it rejects. */
  onSend: (proof: ProofInput) => Promise<unknown>;
  onClose: () => void;
}

/** Asks for the password, and a code where there is an authenticator, before something that decides who gets in. */
export function PasswordDialog(props: Props) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {(close) => <AskForm {...props} close={close} />}
    </Dialog>
  );
}

function AskForm(props: Props & { close: Close }) {
  const form = useForm({
    initialValues: emptyProof,
    validate: proofChecks(props.hasAuthenticator),
  });
  const submission = useSubmission(form, async (proof) => {
    await props.onSend(proofInput(proof));
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
        <ProofInputs form={form} hasAuthenticator={props.hasAuthenticator} />
      </Stack>
    </Form>
  );
}
