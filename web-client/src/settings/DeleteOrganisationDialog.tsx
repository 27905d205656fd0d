import { useMutation, useQuery } from "@apollo/client/react";
import { Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { emptyProof, proofChecks, proofInput, ProofInputs } from "../account/proof.tsx";
import { HasAuthenticatorDocument, RequestTenantDeletionDocument } from "../generated/graphql.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { LoadingRows } from "../ui/states.tsx";

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
          <DeleteForm
            tenant={tenant}
            hasAuthenticator={data.security?.authenticatorConfirmedAt != null}
            onCancel={() => close()}
          />
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
          Nobody can use <bdi>{tenant.name}</bdi> from now on. Should you want to keep its data, have the operator of
          this service export it first.
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
