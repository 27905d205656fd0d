import { useApolloClient, useMutation } from "@apollo/client/react";
import { useForm } from "@mantine/form";
import { forgetLists } from "../api/client.ts";
import {
  type EmployeeDetailsFragment,
  TransferEmployeeDocument,
  type TransferEmployeeInput,
} from "../generated/graphql.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { PlaceFields } from "./fieldsets.tsx";
import type { PlaceValues } from "./values.ts";

interface Props {
  employee: EmployeeDetailsFragment;
  onClose: () => void;
}

/** Gives a person another department, position, location or manager, in one step. */
export function TransferDialog({ employee, onClose }: Props) {
  return (
    <Dialog
      title={
        <>
          Transfer <bdi>{employee.name}</bdi>
        </>
      }
      onClose={onClose}
    >
      {(close) => <TransferForm employee={employee} onClose={close} />}
    </Dialog>
  );
}

function TransferForm({ employee, onClose }: Props) {
  const client = useApolloClient();
  const [transfer] = useMutation(TransferEmployeeDocument);
  const before: PlaceValues = {
    departmentId: employee.department.id,
    positionId: employee.position.id,
    locationId: employee.location?.id ?? "",
    managerId: employee.manager?.id ?? "",
  };
  const form = useForm({
    initialValues: before,
    validate: {
      departmentId: (value) => (value === "" ? "Choose a department." : null),
      positionId: (value) => (value === "" ? "Choose a position." : null),
    },
  });
  const submission = useSubmission(form, async (values) => {
    const input: TransferEmployeeInput = { id: employee.id };
    for (const name of ["departmentId", "positionId", "locationId", "managerId"] as const) {
      if (values[name] !== before[name]) input[name] = values[name] === "" ? null : values[name];
    }
    if (Object.keys(input).length > 1) {
      await transfer({ variables: { input } });
      forgetLists(client);
      announceDone(`${employee.name} has been transferred.`);
    }
    onClose();
  });
  return (
    <Form submission={submission} submitLabel="Transfer" onCancel={onClose}>
      <PlaceFields
        form={form}
        required
        manager={employee.manager}
        except={employee.id}
        noManager="Nobody"
        noLocation="None"
      />
    </Form>
  );
}
