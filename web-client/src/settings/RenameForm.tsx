import { useMutation } from "@apollo/client/react";
import { Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { RenameTenantDocument } from "../generated/graphql.ts";
import { Form, useSubmission } from "../ui/form.tsx";

/** Another name or address for the organisation. */
export function RenameForm({ tenant }: { tenant: { name: string; slug: string } }) {
  const [rename] = useMutation(RenameTenantDocument);
  const form = useForm({
    initialValues: { name: tenant.name, slug: tenant.slug },
    validate: {
      name: (value) => (value.trim() === "" ? "Enter a name." : null),
      slug: (value) => (value.trim() === "" ? "Enter an address." : null),
    },
  });
  const submission = useSubmission(form, async ({ name, slug }) => {
    const { data } = await rename({ variables: { input: { name, slug: slug.trim() } } });
    if (data === undefined) return;
    // The name is on every page, and at another address everybody signs in again.
    if (data.renameTenant.slug === tenant.slug) window.location.reload();
    else window.location.assign(data.renameTenant.url);
  });
  return (
    <Form submission={submission} submitLabel="Rename" label="Name and address">
      <Stack>
        <TextInput label="Name" required {...form.getInputProps("name")} />
        <TextInput
          label="Address"
          description="The first part of it. The former one leads here for a while; at the new one everybody signs in again, and an identity provider has to know it."
          autoCapitalize="none"
          spellCheck={false}
          required
          {...form.getInputProps("slug")}
        />
      </Stack>
    </Form>
  );
}
