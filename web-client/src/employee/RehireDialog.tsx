import { useApolloClient, useMutation } from "@apollo/client/react";
import { Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { forgetLists } from "../api/client.ts";
import {
  type EmployeeDetailsFragment,
  RehireEmployeeDocument,
  type RehireEmployeeInput,
} from "../generated/graphql.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { today } from "../ui/format.ts";
import { PlaceFields } from "./fieldsets.tsx";
import { required } from "./values.ts";

interface Props {
  employee: EmployeeDetailsFragment;
  onClose: () => void;
}

/** Takes a person back who had left, under the same number. */
export function RehireDialog({ employee, onClose }: Props) {
  return (
    <Dialog
      title={
        <>
          Rehire <bdi>{employee.name}</bdi>
        </>
      }
      onClose={onClose}
    >
      {(close) => <RehireForm employee={employee} onClose={close} />}
    </Dialog>
  );
}

function RehireForm({ employee, onClose }: Props) {
  const client = useApolloClient();
  const [rehire] = useMutation(RehireEmployeeDocument);
  const form = useForm({
    initialValues: {
      hiredOn: today(),
      departmentId: employee.department.id,
      positionId: employee.position.id,
      locationId: employee.location?.id ?? "",
      managerId: "",
    },
    validate: {
      hiredOn: required("the first day of work"),
      departmentId: (value) => (value === "" ? "Choose a department." : null),
      positionId: (value) => (value === "" ? "Choose a position." : null),
    },
  });
  const submission = useSubmission(form, async (values) => {
    const input: RehireEmployeeInput = { id: employee.id, hiredOn: values.hiredOn };
    for (const name of ["departmentId", "positionId", "locationId", "managerId"] as const) {
      if (values[name] !== "") input[name] = values[name];
    }
    await rehire({ variables: { input } });
    forgetLists(client);
    announceDone(`${employee.name} has been rehired.`);
    onClose();
  });
  return (
    <Form submission={submission} submitLabel="Rehire" onCancel={onClose}>
      <Stack>
        <TextInput label="First day of work" type="date" required {...form.getInputProps("hiredOn")} />
        <PlaceFields form={form} required except={employee.id} noManager="As before" noLocation="As before" />
      </Stack>
    </Form>
  );
}
