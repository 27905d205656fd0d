import { useMutation, useQuery } from "@apollo/client/react";
import { Button, Stack, Switch } from "@mantine/core";
import { useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  AddDomainDocument,
  type DomainFieldsFragment,
  type DomainListFieldsFragment,
  DomainsDocument,
  RedirectToPrimaryDomainDocument,
  RemoveDomainDocument,
} from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { useIsReadOnly, useViewer } from "../session/context.ts";
import { announceProblem } from "../ui/form.tsx";
import { PlusIcon } from "../ui/icons.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { AddDomainDialog } from "./AddDomainDialog.tsx";
import { DomainCard } from "./DomainCard.tsx";
import { NotInPlan, useIsIncluded } from "./features.tsx";

/** The addresses of the organisation: its own domains, the record that proves each, and the primary one. */
export function DomainsPage() {
  const viewer = useViewer();
  if (!viewer.permissions.manageDomains) {
    return (
      <Page title="Addresses">
        <Empty title="You may not manage the addresses of the organisation" />
      </Page>
    );
  }
  return <Addresses />;
}

function Addresses() {
  const isReadOnly = useIsReadOnly();
  const isIncluded = useIsIncluded("CUSTOM_DOMAINS");
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<DomainFieldsFragment | null>(null);
  const { data, error, refetch } = useQuery(DomainsDocument, { fetchPolicy: "network-only" });
  const [add] = useMutation(AddDomainDocument);
  const [remove] = useMutation(RemoveDomainDocument);
  const list = data?.domains ?? null;
  const reload = async () => {
    await refetch();
  };
  return (
    <Page
      title="Addresses"
      subtitle="Where your organisation is served: under its own domains, too"
      actions={
        isReadOnly ? undefined : isIncluded ? (
          <Button leftSection={<PlusIcon />} onClick={() => setAdding(true)}>
            Add an address
          </Button>
        ) : (
          <NotInPlan>Addresses of your own are not in your plan.</NotInPlan>
        )
      }
    >
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : list === null ? (
        <LoadingRows rows={4} />
      ) : (
        <Stack>
          {list.nodes.map((domain) => (
            <DomainCard key={domain.hostname} domain={domain} onChange={reload} onRemove={() => setRemoving(domain)} />
          ))}
          <Redirect list={list} onChange={reload} />
        </Stack>
      )}
      {adding && (
        <AddDomainDialog
          onSend={async (hostname) => {
            await add({ variables: { input: { hostname } } });
            await reload();
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {removing !== null && (
        <ConfirmDialog
          title={`Remove ${removing.hostname}`}
          submitLabel="Remove"
          done="The address has been removed."
          onSend={async () => {
            await remove({ variables: { hostname: removing.hostname } });
            await reload();
          }}
          onClose={() => setRemoving(null)}
        >
          Your organisation is not served at <bdi>{removing.hostname}</bdi> any more. Whoever has signed in there is
          signed out, and passkeys of that address are deleted. To have it back, it has to be proved again.
        </ConfirmDialog>
      )}
    </Page>
  );
}

/** Whether pages at the other addresses lead to the primary one. Without another address there is nothing to lead. */
function Redirect({ list, onChange }: { list: DomainListFieldsFragment; onChange: () => Promise<void> }) {
  const isReadOnly = useIsReadOnly();
  const [redirect, { loading }] = useMutation(RedirectToPrimaryDomainDocument);
  if (list.nodes.length < 2) return null;
  return (
    <Switch
      label="Pages at the other addresses lead to the primary one"
      description={`People sign in at each address for themselves. Programs are served at every address in any case.${
        isReadOnly ? " This cannot be changed now." : ""
      }`}
      checked={list.redirectsToPrimary}
      disabled={loading || isReadOnly}
      onChange={(event) => {
        const enabled = event.currentTarget.checked;
        redirect({ variables: { enabled } })
          .then(onChange)
          .catch((error: unknown) => announceProblem(readProblem(error)));
      }}
    />
  );
}
