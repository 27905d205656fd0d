import { useMutation } from "@apollo/client/react";
import { Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useRef, useState } from "react";
import { baseDomain } from "../api/address.ts";
import { readProblem } from "../api/read-problem.ts";
import { RenameTenantDocument } from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { useIsReadOnly } from "../session/context.ts";
import { Form, useSubmission } from "../ui/form.tsx";

/** Another name or address for the organisation. Another address is asked for twice, as it signs everybody out. */
export function RenameForm({ tenant }: { tenant: { name: string; slug: string } }) {
  const [rename] = useMutation(RenameTenantDocument);
  const [confirming, setConfirming] = useState(false);
  const isReadOnly = useIsReadOnly();
  const address = useRef<HTMLInputElement>(null);
  const form = useForm({
    initialValues: { name: tenant.name, slug: tenant.slug },
    validate: {
      name: (value) => (value.trim() === "" ? "Enter a name." : null),
      slug: (value) => (value.trim() === "" ? "Enter an address." : null),
    },
  });
  const { name } = form.values;
  const slug = form.values.slug.trim();
  const send = async () => {
    const { data } = await rename({ variables: { input: { name, slug } } });
    if (data === undefined) return;
    // The name is on every page, and at another address everybody signs in again.
    if (data.renameTenant.slug === tenant.slug) window.location.reload();
    else window.location.assign(data.renameTenant.url);
  };
  const submission = useSubmission(form, async () => {
    if (slug === tenant.slug) await send();
    else setConfirming(true);
  });
  const move = async () => {
    try {
      await send();
    } catch (error) {
      const { field, message } = readProblem(error);
      if (field === "slug") {
        // It is mended there, and not in the dialog.
        form.setErrors({ slug: message });
        setConfirming(false);
        address.current?.focus();
      }
      throw error;
    }
  };
  // At a domain of its own, the address is not under this one.
  const isBuiltIn = window.location.hostname.startsWith(`${tenant.slug}.`);
  const rest = isBuiltIn ? `, before .${baseDomain(window.location, false)}` : "";
  return (
    <>
      <Form
        submission={submission}
        submitLabel="Rename"
        label="Name and address"
        disabled={!form.isDirty()}
        readOnly={isReadOnly}
      >
        <Stack>
          <TextInput label="Name" required withAsterisk={false} {...form.getInputProps("name")} />
          <TextInput
            label="Address"
            description={`The first part of it${rest}. The former one leads here for a while.`}
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            {...form.getInputProps("slug")}
            ref={address}
          />
        </Stack>
      </Form>
      {confirming && (
        <ConfirmDialog
          title="Change the address"
          submitLabel="Change the address"
          done="The address has been changed."
          onSend={move}
          onClose={() => setConfirming(false)}
        >
          Everybody is signed out, and signs in again at <bdi>{slug}</bdi>. Programs that use the API, and an identity
          provider of your own, have to know the new address.
        </ConfirmDialog>
      )}
    </>
  );
}
