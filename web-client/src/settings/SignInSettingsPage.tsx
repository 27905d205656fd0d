import { useMutation, useQuery } from "@apollo/client/react";
import { Button } from "@mantine/core";
import { useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import { IdentityProviderDocument, RemoveIdentityProviderDocument } from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { useIsReadOnly, useViewer } from "../session/context.ts";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { IdentityProviderForm } from "./IdentityProviderForm.tsx";

/** How members may sign in besides by password and passkey: through the organisation's own identity provider. */
export function SignInSettingsPage() {
  const viewer = useViewer();
  if (!viewer.permissions.manageSignIn) {
    return (
      <Page title="Identity provider">
        <Empty title="You may not change how members sign in" />
      </Page>
    );
  }
  return <Settings />;
}

function Settings() {
  const isReadOnly = useIsReadOnly();
  const [removing, setRemoving] = useState(false);
  const { data, error, refetch } = useQuery(IdentityProviderDocument, { fetchPolicy: "network-only" });
  const [remove] = useMutation(RemoveIdentityProviderDocument);
  const provider = data?.identityProvider ?? null;
  return (
    <Page
      title="Identity provider"
      subtitle="Members sign in where your organisation keeps its accounts, by OpenID Connect"
      actions={
        provider === null ? undefined : (
          <Button variant="light" color="red" onClick={() => setRemoving(true)}>
            Remove
          </Button>
        )
      }
    >
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : data === undefined ? (
        <LoadingRows />
      ) : provider === null && isReadOnly ? (
        <Empty title="No identity provider is set up" />
      ) : (
        <IdentityProviderForm
          key={provider === null ? "none" : "some"}
          provider={provider}
          onChange={async () => {
            await refetch();
          }}
        />
      )}
      {removing && (
        <ConfirmDialog
          title="Remove the identity provider"
          submitLabel="Remove"
          done="The identity provider has been removed."
          onSend={async () => {
            await remove();
            await refetch();
          }}
          onClose={() => setRemoving(false)}
        >
          Nobody can sign in through it any more, and its tokens are refused. Members who have a password keep it.
        </ConfirmDialog>
      )}
    </Page>
  );
}
