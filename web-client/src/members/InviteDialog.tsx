import { useApolloClient, useMutation } from "@apollo/client/react";
import { NativeSelect, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { EmployeePicker } from "../employee/EmployeePicker.tsx";
import { InvitationsDocument, InviteMemberDocument, type Role, TenantPlanDocument } from "../generated/graphql.ts";
import { useViewer } from "../session/context.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { grantableRoles } from "./roles.ts";

/** Invites someone by mail. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Invite someone" onClose={onClose}>
      {(close) => <InviteForm close={close} />}
    </Dialog>
  );
}

function InviteForm({ close }: { close: Close }) {
  const viewer = useViewer();
  const client = useApolloClient();
  const [invite] = useMutation(InviteMemberDocument);
  const form = useForm<{ email: string; role: Role; employeeId: string }>({
    initialValues: { email: "", role: "EMPLOYEE", employeeId: "" },
    validate: { email: (value) => (value.trim() === "" ? "Enter an e-mail address." : null) },
  });
  const submission = useSubmission(form, async ({ email, role, employeeId }) => {
    await invite({
      variables: { input: { email: email.trim(), role, ...(employeeId === "" ? {} : { employeeId }) } },
    });
    await client.refetchQueries({ include: [InvitationsDocument, TenantPlanDocument] });
    announceDone(`The invitation is on its way to ${email.trim()}.`);
    close();
  });
  return (
    <Form submission={submission} submitLabel="Invite" label="Invite someone" onCancel={() => close()}>
      <Stack>
        <TextInput
          label="E-mail address"
          type="email"
          autoCapitalize="none"
          spellCheck={false}
          required
          data-autofocus
          {...form.getInputProps("email")}
        />
        <NativeSelect label="Role" data={grantableRoles(viewer.role)} {...form.getInputProps("role")} />
        <EmployeePicker
          label="Employee"
          description="Whose record it is, if there is one"
          placeholder="Nobody"
          value={form.values.employeeId}
          onChange={(id) => form.setFieldValue("employeeId", id)}
          error={form.errors["employeeId"]}
        />
      </Stack>
    </Form>
  );
}
