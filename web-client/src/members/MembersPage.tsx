import { Button, Stack, Title } from "@mantine/core";
import { useState } from "react";
import { useViewer } from "../session/context.ts";
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
      actions={
        <Button leftSection={<PlusIcon />} onClick={() => setInviting(true)}>
          Invite someone
        </Button>
      }
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
