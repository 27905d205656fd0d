import { useQuery } from "@apollo/client/react";
import { Button, Stack, Title } from "@mantine/core";
import { useState } from "react";
import { TenantPlanDocument } from "../generated/graphql.ts";
import { useIsReadOnly, useViewer } from "../session/context.ts";
import { NotInPlan } from "../settings/features.tsx";
import { PlusIcon } from "../ui/icons.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty } from "../ui/states.tsx";
import { Invitations } from "./Invitations.tsx";
import { InviteDialog } from "./InviteDialog.tsx";
import { Members } from "./Members.tsx";

/** Who may sign in to the organisation, and who is invited to. */
export function MembersPage() {
  const viewer = useViewer();
  const [inviting, setInviting] = useState(false);
  if (!viewer.permissions.manageMembers) {
    return (
      <Page title="Members">
        <Empty title="You may not manage the members" />
      </Page>
    );
  }
  return (
    <Page
      title="Members"
      subtitle="Who may sign in, and what they may do"
      actions={<Invite onInvite={() => setInviting(true)} />}
    >
      <Stack gap="xl">
        <section aria-label="Members">
          <Members />
        </section>
        <section aria-label="Invitations">
          <Title order={2} size="h4" mb="sm">
            Invitations
          </Title>
          <Invitations />
        </section>
      </Stack>
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  );
}

/** The way to invite someone, or why nobody can be. */
function Invite({ onInvite }: { onInvite: () => void }) {
  const isReadOnly = useIsReadOnly();
  const { data } = useQuery(TenantPlanDocument, { fetchPolicy: "cache-and-network" });
  const { limit, used } = data?.tenant.plan?.quotas?.find(({ quota }) => quota === "SEATS") ?? {
    limit: null,
    used: null,
  };
  if (isReadOnly) return null;
  if (limit !== null && used !== null && used >= limit) {
    return <NotInPlan>{`No seat of your plan is free: ${used} of ${limit} are used.`}</NotInPlan>;
  }
  return (
    <Button leftSection={<PlusIcon />} onClick={onInvite}>
      Invite someone
    </Button>
  );
}
