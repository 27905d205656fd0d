import { Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { baseDomain, organisationAddress } from "../api/address.ts";
import { Form, useSubmission } from "../ui/form.tsx";

/** Asks for an organisation, and leads to its address. */
export function FindOrganisation({ apex }: { apex: boolean }) {
  const form = useForm({
    initialValues: { organisation: "" },
    validate: {
      organisation: (value) =>
        organisationAddress(value, window.location, apex) === null
          ? "Enter a name of letters, digits and hyphens, such as acme."
          : null,
    },
  });
  const submission = useSubmission(form, ({ organisation }) => {
    const address = organisationAddress(organisation, window.location, apex);
    if (address !== null) window.location.assign(address);
    return Promise.resolve();
  });
  const target = organisationAddress(form.values.organisation, window.location, apex);
  return (
    <Form submission={submission} submitLabel="Continue" label="Find your organisation">
      <TextInput
        label="Your organisation’s address"
        description={`The first part of it, before .${baseDomain(window.location, apex)}, or all of it`}
        placeholder="acme"
        autoComplete="organization"
        autoCapitalize="none"
        spellCheck={false}
        required
        withAsterisk={false}
        {...form.getInputProps("organisation")}
      />
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {target === null ? "" : `Opens ${target}`}
      </Text>
    </Form>
  );
}
