import { useApolloClient, useMutation, useQuery } from "@apollo/client/react";
import { Anchor, Badge, NativeSelect, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Link } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { EmployeePicker } from "../employee/EmployeePicker.tsx";
import {
  ChangeMemberRoleDocument,
  LinkMemberDocument,
  type MemberFieldsFragment,
  MembersDocument,
  RemoveMemberDocument,
  type Role,
  TenantPlanDocument,
} from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { RowMenu } from "../organisation/RowMenu.tsx";
import { useIsReadOnly, useViewer } from "../session/context.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { formatInstant, roles } from "../ui/format.ts";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { grantableRoles, mayChange } from "./roles.ts";

type Member = MemberFieldsFragment;

/** What is being asked about a member. */
interface Question {
  kind: "role" | "employee" | "remove";
  member: Member;
}

/** The members as a table, each with what may be done with them. */
export function Members() {
  const viewer = useViewer();
  const client = useApolloClient();
  const isReadOnly = useIsReadOnly();
  const [question, setQuestion] = useState<Question | null>(null);
  const { data, error, refetch, fetchMore } = useQuery(MembersDocument, { fetchPolicy: "cache-and-network" });
  const [remove] = useMutation(RemoveMemberDocument);
  const again = async () => {
    await refetch();
  };
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void again().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows />;
  const own = { role: viewer.role, accountId: viewer.account?.id ?? null };
  // Where nothing can be changed, a membership can be ended all the same.
  const itemsOf = (member: Member) => {
    const ask = (kind: Question["kind"]) => () => setQuestion({ kind, member });
    const mayChangeIt = mayChange(own, { role: member.role, accountId: member.account.id });
    return [
      ...(mayChangeIt && !isReadOnly ? [{ label: "Change role", onClick: ask("role") }] : []),
      ...(isReadOnly ? [] : [{ label: "Link to an employee", onClick: ask("employee") }]),
      ...(mayChangeIt ? [{ label: "Remove", danger: true, onClick: ask("remove") }] : []),
    ];
  };

  const hasActions = data.members.nodes.some((member) => itemsOf(member).length > 0);

  return (
    <>
      <div className="surface surface-flush">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Role</th>
              <th scope="col" className="only-wide">
                Employee
              </th>
              <th scope="col" className="only-wide">
                Member since
              </th>
              {hasActions && (
                <th scope="col" className="number">
                  Actions
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {data.members.nodes.map((member) => (
              <tr key={member.account.id}>
                <th scope="row">
                  <Text size="sm" fw={600} component="div">
                    <bdi>{member.account.name}</bdi>{" "}
                    {member.account.id === own.accountId && <Badge variant="light">You</Badge>}
                  </Text>
                  <Text size="xs" c="dimmed">
                    <bdi>{member.account.email}</bdi>
                  </Text>
                </th>
                <td>{roles[member.role]}</td>
                <td className="only-wide">
                  {member.employee === null ? (
                    "–"
                  ) : (
                    <Anchor component={Link} to={`/employees/${member.employee.id}`} size="sm">
                      <bdi>{member.employee.name}</bdi>
                    </Anchor>
                  )}
                </td>
                <td className="only-wide">{formatInstant(member.joinedAt)}</td>
                {hasActions && (
                  <td className="number">
                    <RowMenu name={member.account.name} items={itemsOf(member)} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MoreButton
        pageInfo={data.members.pageInfo}
        onMore={(after) =>
          fetchMore({
            variables: { after },
            updateQuery: (before, { fetchMoreResult }) => ({
              members: joined(before.members, fetchMoreResult.members),
            }),
          })
        }
      />
      {question?.kind === "role" && (
        <Dialog title={`Role of ${question.member.account.name}`} onClose={() => setQuestion(null)}>
          {(close) => <RoleForm member={question.member} onChange={again} close={close} />}
        </Dialog>
      )}
      {question?.kind === "employee" && (
        <Dialog title={`Who ${question.member.account.name} is`} onClose={() => setQuestion(null)}>
          {(close) => <EmployeeForm member={question.member} onChange={again} close={close} />}
        </Dialog>
      )}
      {question?.kind === "remove" && (
        <ConfirmDialog
          title={`Remove ${question.member.account.name}`}
          submitLabel="Remove"
          done={`${question.member.account.name} is no member any more.`}
          onSend={async () => {
            await remove({ variables: { accountId: question.member.account.id } });
            await again();
            // A seat is free by it.
            await client.refetchQueries({ include: [TenantPlanDocument] });
          }}
          onClose={() => setQuestion(null)}
        >
          <bdi>{question.member.account.name}</bdi> is signed out of this organisation and cannot sign in again unless
          invited. The account itself, and what it did here, stays.
        </ConfirmDialog>
      )}
    </>
  );
}

interface FormProps {
  member: Member;
  onChange: () => Promise<void>;
  close: Close;
}

function RoleForm({ member, onChange, close }: FormProps) {
  const viewer = useViewer();
  const [change] = useMutation(ChangeMemberRoleDocument);
  const form = useForm<{ role: Role }>({ initialValues: { role: member.role } });
  const submission = useSubmission(form, async ({ role }) => {
    await change({ variables: { input: { accountId: member.account.id, role } } });
    await onChange();
    announceDone(`${member.account.name} has the role: ${roles[role]}.`);
    close();
  });
  return (
    <Form submission={submission} submitLabel="Change" onCancel={() => close()}>
      <NativeSelect label="Role" data={grantableRoles(viewer.role)} data-autofocus {...form.getInputProps("role")} />
    </Form>
  );
}

function EmployeeForm({ member, onChange, close }: FormProps) {
  const [link] = useMutation(LinkMemberDocument);
  const form = useForm({ initialValues: { employeeId: member.employee?.id ?? "" } });
  const submission = useSubmission(form, async ({ employeeId }) => {
    await link({
      variables: { input: { accountId: member.account.id, employeeId: employeeId === "" ? null : employeeId } },
    });
    await onChange();
    announceDone("Saved.");
    close();
  });
  return (
    <Form submission={submission} submitLabel="Save" onCancel={() => close()}>
      <Stack>
        <Text size="sm">
          Someone who is linked to an employee’s record sees it as their own. When that employment ends, so does the
          membership.
        </Text>
        <EmployeePicker
          label="Employee"
          placeholder="Nobody"
          known={member.employee}
          value={form.values.employeeId}
          onChange={(id) => form.setFieldValue("employeeId", id)}
          error={form.errors["employeeId"]}
        />
      </Stack>
    </Form>
  );
}
