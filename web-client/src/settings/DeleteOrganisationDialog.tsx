import { useMutation, useQuery } from "@apollo/client/react";
import { Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { emptyProof, proofChecks, proofInput, ProofInputs } from "../account/proof.tsx";
import { HasAuthenticatorDocument, RequestTenantDeletionDocument } from "../generated/graphql.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { LoadingRows } from "../ui/states.tsx";
import { Exports } from "./Exports.tsx";

interface Tenant {
  name: string;
  slug: string;
}

/** Asks for the organisation's address, typed, and for the proof that the account's owner asks. */
export function DeleteOrganisationDialog({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const { data } = useQuery(HasAuthenticatorDocument, { fetchPolicy: "network-only" });
  return (
    <Dialog title={`Delete ${tenant.name}`} onClose={onClose}>
      {(close) =>
        data === undefined ? (
          <LoadingRows rows={3} />
        ) : (
          <Stack gap="lg">
            <section aria-label="Export your data first">
              <Title order={3} size="h5" mb="xs">
                Export your data first
              </Title>
              <Exports latest />
            </section>
            <DeleteForm
              tenant={tenant}
              hasAuthenticator={data.security?.authenticatorConfirmedAt != null}
              onCancel={() => close()}
            />
          </Stack>
        )
      }
    </Dialog>
  );
}

function DeleteForm(props: { tenant: Tenant; hasAuthenticator: boolean; onCancel: () => void }) {
  const { tenant, hasAuthenticator } = props;
  const [remove] = useMutation(RequestTenantDeletionDocument, { fetchPolicy: "no-cache" });
  const form = useForm({
    initialValues: { slug: "", ...emptyProof },
    validate: {
      slug: (value) => (value.trim() === tenant.slug ? null : `Type ${tenant.slug} to go on.`),
      ...proofChecks(hasAuthenticator),
    },
  });
  const submission = useSubmission(form, async ({ slug, ...proof }) => {
    const { data } = await remove({ variables: { input: { slug: slug.trim(), ...proofInput(proof) } } });
    // To where it is taken back: here nobody is let in any more.
    if (data !== undefined) window.location.assign(data.requestTenantDeletion.url);
  });
  return (
    <Form submission={submission} submitLabel="Delete" label="Delete the organisation" danger onCancel={props.onCancel}>
      <Stack>
        <Text size="sm">
          Nobody can use <bdi>{tenant.name}</bdi> from now on, and its exports are removed with it: download what you want
          to keep before.
        </Text>
        <TextInput
          label={`Type ${tenant.slug}`}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
          {...form.getInputProps("slug")}
        />
        <ProofInputs form={form} hasAuthenticator={hasAuthenticator} />
      </Stack>
    </Form>
  );
}
