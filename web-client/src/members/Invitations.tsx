import { useApolloClient, useMutation, useQuery } from "@apollo/client/react";
import { Text } from "@mantine/core";
import { useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  type InvitationFieldsFragment,
  InvitationsDocument,
  ResendInvitationDocument,
  TenantPlanDocument,
  WithdrawInvitationDocument,
} from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { RowMenu } from "../organisation/RowMenu.tsx";
import { useIsReadOnly } from "../session/context.ts";
import { announceDone, announceProblem } from "../ui/form.tsx";
import { formatInstant, roles } from "../ui/format.ts";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";

/** The invitations that nobody has accepted yet. */
export function Invitations() {
  const client = useApolloClient();
  const isReadOnly = useIsReadOnly();
  const [withdrawing, setWithdrawing] = useState<InvitationFieldsFragment | null>(null);
  const { data, error, refetch, fetchMore } = useQuery(InvitationsDocument, { fetchPolicy: "cache-and-network" });
  const [resend] = useMutation(ResendInvitationDocument);
  const [withdraw] = useMutation(WithdrawInvitationDocument);
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows rows={2} />;
  if (data.invitations.nodes.length === 0) return <Text c="dimmed">Nobody is invited at present.</Text>;

  const sendAgain = async ({ id, email }: InvitationFieldsFragment) => {
    try {
      await resend({ variables: { id } });
      await refetch();
      announceDone(`The invitation is on its way to ${email} again.`);
    } catch (error) {
      announceProblem(readProblem(error));
    }
  };
  return (
    <>
      <div className="surface surface-flush">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">E-mail address</th>
              <th scope="col">Role</th>
              <th scope="col" className="only-wide">
                Invited by
              </th>
              <th scope="col" className="only-wide">
                Open until
              </th>
              <th scope="col" className="number">
                Actions
              </th>
            </tr>
          </thead>
          <tbody>
            {data.invitations.nodes.map((invitation) => (
              <tr key={invitation.id}>
                <th scope="row">
                  <bdi>{invitation.email}</bdi>
                </th>
                <td>{roles[invitation.role]}</td>
                <td className="only-wide">
                  <bdi>{invitation.invitedBy}</bdi>
                </td>
                <td className="only-wide">{formatInstant(invitation.expiresAt)}</td>
                <td className="number">
                  <RowMenu
                    name={invitation.email}
                    items={[
                      ...(isReadOnly ? [] : [{ label: "Send again", onClick: () => void sendAgain(invitation) }]),
                      { label: "Withdraw", danger: true, onClick: () => setWithdrawing(invitation) },
                    ]}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MoreButton
        pageInfo={data.invitations.pageInfo}
        onMore={(after) =>
          fetchMore({
            variables: { after },
            updateQuery: (before, { fetchMoreResult }) => ({
              invitations: joined(before.invitations, fetchMoreResult.invitations),
            }),
          })
        }
      />
      {withdrawing !== null && (
        <ConfirmDialog
          title={`Withdraw the invitation of ${withdrawing.email}`}
          submitLabel="Withdraw"
          done="The invitation has been withdrawn."
          onSend={async () => {
            await withdraw({ variables: { id: withdrawing.id } });
            await refetch();
            // A seat is free by it.
            await client.refetchQueries({ include: [TenantPlanDocument] });
          }}
          onClose={() => setWithdrawing(null)}
        >
          The link in the mail to <bdi>{withdrawing.email}</bdi> stops working.
        </ConfirmDialog>
      )}
    </>
  );
}
