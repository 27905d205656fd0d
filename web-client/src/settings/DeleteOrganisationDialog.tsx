import { useMutation, useQuery } from "@apollo/client/react";
import { Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { emptyProof, proofChecks, type ProofInput, proofInput, ProofInputs } from "../account/proof.tsx";
import { readProblem } from "../api/read-problem.ts";
import { HasAuthenticatorDocument, RequestTenantDeletionDocument } from "../generated/graphql.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { formatCount } from "../ui/format.ts";
import { ErrorState } from "../ui/states.tsx";
import { Exports } from "./Exports.tsx";

interface Tenant {
  name: string;
  slug: string;
}

/** How long a deletion can be taken back, as a sentence. */
export function grace(days: number | undefined): string {
  if (days === undefined) return "For some days every owner can take that back.";
  if (days === 0) return "That cannot be taken back.";
  return `For ${formatCount(days, "day", "days")} every owner can take that back.`;
}

/** Asks for the deletion of the organisation that the page is at. */
export function DeleteOrganisationDialog(props: {
  tenant: Tenant;
  graceDays: number | undefined;
  onClose: () => void;
}) {
  const [remove] = useMutation(RequestTenantDeletionDocument, { fetchPolicy: "no-cache" });
  return (
    <DeletionDialog
      {...props}
      exports={<Exports latest />}
      onDelete={async (input) => {
        const { data } = await remove({ variables: { input } });
        // To where it is taken back: here nobody is let in any more.
        if (data !== undefined) window.location.assign(data.requestTenantDeletion.url);
      }}
    />
  );
}

interface Props {
  tenant: Tenant;
  /** Days within which the deletion can be taken back, where they are known. */
  graceDays: number | undefined;
  /** The exports, which go with the organisation. */
  exports: ReactNode;
  onDelete: (input: ProofInput & { slug: string }, close: Close) => Promise<void>;
  onClose: () => void;
}

/** Offers an export, then asks for the organisation's address, typed, and for the proof that the account's owner asks. */
export function DeletionDialog({ tenant, graceDays, exports, onDelete, onClose }: Props) {
  const { data, error } = useQuery(HasAuthenticatorDocument, { fetchPolicy: "network-only" });
  // The dialog opens with its form, so that the focus begins there.
  if (data === undefined && error === undefined) return null;
  return (
    <Dialog title={`Delete ${tenant.name}`} onClose={onClose}>
      {(close) =>
        data === undefined ? (
          <ErrorState problem={readProblem(error)} />
        ) : (
          <Stack gap="lg">
            <section aria-label="Export your data first">
              <Title order={3} size="h5" mb="xs">
                Export your data first
              </Title>
              {exports}
            </section>
            <DeleteForm
              tenant={tenant}
              graceDays={graceDays}
              hasAuthenticator={data.security?.authenticatorConfirmedAt != null}
              onDelete={(input) => onDelete(input, close)}
              onCancel={() => close()}
            />
          </Stack>
        )
      }
    </Dialog>
  );
}

function DeleteForm(props: {
  tenant: Tenant;
  graceDays: number | undefined;
  hasAuthenticator: boolean;
  onDelete: (input: ProofInput & { slug: string }) => Promise<void>;
  onCancel: () => void;
}) {
  const { tenant, hasAuthenticator, onDelete } = props;
  const form = useForm({
    initialValues: { slug: "", ...emptyProof },
    validate: {
      slug: (value) => (value.trim() === tenant.slug ? null : `Type ${tenant.slug} to go on.`),
      ...proofChecks(hasAuthenticator),
    },
  });
  const submission = useSubmission(form, ({ slug, ...proof }) => onDelete({ slug: slug.trim(), ...proofInput(proof) }));
  return (
    <Form
      submission={submission}
      submitLabel="Delete the organisation"
      label="Delete the organisation"
      danger
      onCancel={props.onCancel}
    >
      <Stack>
        <Text size="sm">
          Nobody can use <bdi>{tenant.name}</bdi> from now on. {grace(props.graceDays)} Its exports are removed with it:
          download what you want to keep before.
        </Text>
        <TextInput
          label={`Type ${tenant.slug}`}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
          data-autofocus
          {...form.getInputProps("slug")}
        />
        <ProofInputs form={form} hasAuthenticator={hasAuthenticator} />
      </Stack>
    </Form>
  );
}
