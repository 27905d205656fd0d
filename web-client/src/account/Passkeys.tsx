import { useMutation } from "@apollo/client/react";
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import {
  BeginPasskeyRegistrationDocument,
  CompletePasskeyRegistrationDocument,
  type PasskeyFieldsFragment,
  RemovePasskeyDocument,
} from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { knowsPasskeys, registration } from "../session/passkey.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { formatInstant } from "../ui/format.ts";
import { browserName } from "./browser-name.ts";
import { emptyProof, proofChecks, proofInput, ProofInputs } from "./proof.tsx";

/** The passkeys of the account, and a way to make one on this device. */
export function Passkeys(props: {
  passkeys: PasskeyFieldsFragment[];
  hasAuthenticator: boolean;
  onChange: () => Promise<void>;
}) {
  const { passkeys, hasAuthenticator, onChange } = props;
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<PasskeyFieldsFragment | null>(null);
  const [remove] = useMutation(RemovePasskeyDocument);
  return (
    <>
      <Text size="sm" mb="md">
        A passkey lets you in by your fingerprint, your face or the lock of your device: no password to type, and none
        to be tricked out of.
      </Text>
      {passkeys.length > 0 && (
        <ul className="plain-list">
          {passkeys.map((passkey) => (
            <li key={passkey.id}>
              <Group justify="space-between" align="flex-start" gap="sm">
                <div className="grow">
                  <Text size="sm" fw={600}>
                    <bdi>{passkey.name}</bdi>
                  </Text>
                  <Text size="xs" c="dimmed">
                    For {passkey.relyingParty} · made {formatInstant(passkey.createdAt)} ·{" "}
                    {passkey.lastUsedAt === null ? "never used" : `last used ${formatInstant(passkey.lastUsedAt)}`}
                  </Text>
                </div>
                <Button
                  variant="default"
                  size="xs"
                  aria-label={`Remove ${passkey.name}`}
                  onClick={() => setRemoving(passkey)}
                >
                  Remove
                </Button>
              </Group>
            </li>
          ))}
        </ul>
      )}
      {knowsPasskeys() ? (
        <Button mt={passkeys.length > 0 ? "lg" : 0} onClick={() => setAdding(true)}>
          Add a passkey
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          This browser does not know passkeys at this address.
        </Text>
      )}
      {adding && (
        <Dialog title="Add a passkey" onClose={() => setAdding(false)}>
          {(close) => <AddForm close={close} hasAuthenticator={hasAuthenticator} onChange={onChange} />}
        </Dialog>
      )}
      {removing !== null && (
        <ConfirmDialog
          title={`Remove ${removing.name}`}
          submitLabel="Remove"
          done="The passkey has been removed."
          onSend={async () => {
            await remove({ variables: { id: removing.id } });
            await onChange();
          }}
          onClose={() => setRemoving(null)}
        >
          Nobody can sign in with <bdi>{removing.name}</bdi> any more. Your device keeps its part until you delete it
          there.
        </ConfirmDialog>
      )}
    </>
  );
}

function AddForm(props: { close: Close; hasAuthenticator: boolean; onChange: () => Promise<void> }) {
  const { close, hasAuthenticator, onChange } = props;
  const [begin] = useMutation(BeginPasskeyRegistrationDocument, { fetchPolicy: "no-cache" });
  const [complete] = useMutation(CompletePasskeyRegistrationDocument);
  const form = useForm({
    initialValues: { name: browserName(navigator.userAgent), ...emptyProof },
    validate: {
      name: (value) => (value.trim() === "" ? "Enter a name." : null),
      ...proofChecks(hasAuthenticator),
    },
  });
  const submission = useSubmission(form, async ({ name, ...proof }) => {
    const { data } = await begin({ variables: { input: proofInput(proof) } });
    if (data === undefined) return;
    const { challenge, options } = data.beginPasskeyRegistration;
    const credential = await registration(options);
    await complete({ variables: { input: { challenge, name: name.trim(), credential } } });
    announceDone("The passkey has been added.");
    await onChange();
    close();
  });
  return (
    <Form submission={submission} submitLabel="Continue" label="Add a passkey" onCancel={() => close()}>
      <Stack>
        <TextInput
          label="Name"
          description="By which you tell it from your others"
          dir="auto"
          required
          withAsterisk={false}
          {...form.getInputProps("name")}
        />
        <ProofInputs form={form} hasAuthenticator={hasAuthenticator} />
      </Stack>
    </Form>
  );
}
