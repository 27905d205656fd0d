import { useApolloClient, useMutation } from "@apollo/client/react";
import { Checkbox, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { forgetLists } from "../api/client.ts";
import { type EmployeeDetailsFragment, TerminateEmployeeDocument } from "../generated/graphql.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { today } from "../ui/format.ts";
import { EmployeePicker } from "./EmployeePicker.tsx";
import { required, textOrNull } from "./values.ts";

interface Props {
  employee: EmployeeDetailsFragment;
  onClose: () => void;
}

/** Ends a person's employment, once that has been confirmed. */
export function TerminateDialog({ employee, onClose }: Props) {
  return (
    <Dialog
      title={
        <>
          Terminate <bdi>{employee.name}</bdi>
        </>
      }
      onClose={onClose}
    >
      {(close) => <TerminateForm employee={employee} onClose={close} />}
    </Dialog>
  );
}

function TerminateForm({ employee, onClose }: Props) {
  const client = useApolloClient();
  const [terminate] = useMutation(TerminateEmployeeDocument);
  const form = useForm({
    initialValues: { terminatedOn: today(), reason: "", newManagerId: "", confirmed: false },
    validate: {
      terminatedOn: required("the last day of work"),
      confirmed: (value) => (value ? null : "Tick this to confirm."),
    },
  });
  const submission = useSubmission(form, async ({ terminatedOn, reason, newManagerId }) => {
    await terminate({
      variables: {
        input: {
          id: employee.id,
          terminatedOn,
          reason: textOrNull(reason),
          newManagerId: textOrNull(newManagerId),
        },
      },
    });
    forgetLists(client, employee.id);
    announceDone(`The employment of ${employee.name} has been ended.`);
    onClose();
  });
  return (
    <Form submission={submission} submitLabel="Terminate" danger onCancel={onClose}>
      <Stack>
        <TextInput label="Last day of work" type="date" required {...form.getInputProps("terminatedOn")} />
        <Textarea label="Reason" dir="auto" rows={2} {...form.getInputProps("reason")} />
        <EmployeePicker
          label="Who takes over the direct reports"
          description="Empty: the manager of the one who leaves"
          except={employee.id}
          value={form.values.newManagerId}
          onChange={(id) => form.setFieldValue("newManagerId", id)}
          error={form.errors["newManagerId"]}
        />
        <Checkbox
          label={
            <>
              End the employment of <bdi>{employee.name}</bdi>
            </>
          }
          {...form.getInputProps("confirmed", { type: "checkbox" })}
          aria-invalid={form.errors["confirmed"] !== undefined}
        />
      </Stack>
    </Form>
  );
}
