import { useApolloClient, useMutation } from "@apollo/client/react";
import { useForm } from "@mantine/form";
import { forgetLists } from "../api/client.ts";
import { ChangeManagerDocument, type EmployeeDetailsFragment } from "../generated/graphql.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { EmployeePicker } from "./EmployeePicker.tsx";
import { textOrNull } from "./values.ts";

interface Props {
  employee: EmployeeDetailsFragment;
  onClose: () => void;
}

/** Gives a person another manager, or none. */
export function ManagerDialog({ employee, onClose }: Props) {
  return (
    <Dialog
      title={
        <>
          Manager of <bdi>{employee.name}</bdi>
        </>
      }
      onClose={onClose}
    >
      {(close) => <ManagerForm employee={employee} onClose={close} />}
    </Dialog>
  );
}

function ManagerForm({ employee, onClose }: Props) {
  const client = useApolloClient();
  const [change] = useMutation(ChangeManagerDocument);
  const form = useForm({ initialValues: { managerId: employee.manager?.id ?? "" } });
  const submission = useSubmission(form, async ({ managerId }) => {
    await change({ variables: { input: { id: employee.id, managerId: textOrNull(managerId) } } });
    forgetLists(client);
    announceDone("The manager has been changed.");
    onClose();
  });
  return (
    <Form submission={submission} submitLabel="Save" onCancel={onClose}>
      <EmployeePicker
        label="Manager"
        description="Empty: reports to nobody"
        known={employee.manager}
        except={employee.id}
        value={form.values.managerId}
        onChange={(managerId) => form.setFieldValue("managerId", managerId)}
        error={form.errors["managerId"]}
      />
    </Form>
  );
}
