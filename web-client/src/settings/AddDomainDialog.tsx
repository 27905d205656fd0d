import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";

/** Asks for the address to claim. */
export function AddDomainDialog(props: { onSend: (hostname: string) => Promise<unknown>; onClose: () => void }) {
  return (
    <Dialog title="Add an address" onClose={props.onClose}>
      {(close) => <AddForm onSend={props.onSend} close={close} />}
    </Dialog>
  );
}

function AddForm({ onSend, close }: { onSend: (hostname: string) => Promise<unknown>; close: Close }) {
  const form = useForm({
    initialValues: { hostname: "" },
    validate: { hostname: (value) => (value.trim() === "" ? "Enter a domain." : null) },
  });
  const submission = useSubmission(form, async ({ hostname }) => {
    await onSend(hostname.trim());
    announceDone("The address has been added. Now set its record in DNS.");
    close();
  });
  return (
    <Form submission={submission} submitLabel="Add" label="Add an address" onCancel={() => close()}>
      <TextInput
        label="Domain"
        description="One that belongs to your organisation, such as hr.example.com"
        required
        withAsterisk={false}
        autoCapitalize="none"
        spellCheck={false}
        data-autofocus
        {...form.getInputProps("hostname")}
      />
    </Form>
  );
}
