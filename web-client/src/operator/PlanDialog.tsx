import { useMutation } from "@apollo/client/react";
import { Checkbox, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import {
  type Feature,
  OperatorPlansDocument,
  type PlanFieldsFragment,
  type Quota,
  SetPlanDocument,
} from "../generated/operator.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { amountWanted, features, readAmount, typedAmount } from "./text.ts";

/** Makes a plan, or changes one. */
export function PlanDialog({ plan, onClose }: { plan: PlanFieldsFragment | null; onClose: () => void }) {
  return (
    <Dialog title={plan === null ? "New plan" : <bdi>{plan.name}</bdi>} onClose={onClose}>
      {(close) => <PlanForm plan={plan} close={() => close()} />}
    </Dialog>
  );
}

const amountCheck = (quota: Quota) => (value: string) =>
  value.trim() === "" || readAmount(quota, value) !== null
    ? null
    : `${amountWanted(quota)}, or nothing for any number.`;

/** What is typed for a quota: nothing stands for any number. */
const amount = (quota: Quota, text: string) => (text.trim() === "" ? null : readAmount(quota, text));

function PlanForm({ plan, close }: { plan: PlanFieldsFragment | null; close: () => void }) {
  const [set] = useMutation(SetPlanDocument, { refetchQueries: [OperatorPlansDocument], awaitRefetchQueries: true });
  const typed = (quota: Quota, amount: number | null | undefined) =>
    amount === null || amount === undefined ? "" : typedAmount(quota, amount);
  const form = useForm({
    initialValues: {
      id: plan?.id ?? "",
      name: plan?.name ?? "",
      seats: typed("SEATS", plan?.seats),
      storageBytes: typed("STORAGE_BYTES", plan?.storageBytes),
      requestsPerDay: typed("REQUESTS_PER_DAY", plan?.requestsPerDay),
      features: [...(plan?.features ?? [])] as string[],
      forNewTenants: plan?.forNewTenants ?? false,
    },
    validate: {
      id: (value) =>
        /^[a-z0-9-]{1,50}$/.test(value.trim()) ? null : "Enter 1 to 50 small letters, digits and hyphens.",
      name: (value) => (value.trim() === "" ? "Enter a name." : null),
      seats: amountCheck("SEATS"),
      storageBytes: amountCheck("STORAGE_BYTES"),
      requestsPerDay: amountCheck("REQUESTS_PER_DAY"),
    },
  });
  // What was not touched of a plan is left out, and stays as it is by now: somebody else may have changed it.
  const isSent = (field: "name" | "seats" | "storageBytes" | "requestsPerDay" | "features" | "forNewTenants") =>
    plan === null || form.isDirty(field);
  const submission = useSubmission(form, async (values) => {
    const input = {
      id: values.id.trim(),
      isNew: plan === null,
      ...(isSent("name") && { name: values.name.trim() }),
      ...(isSent("seats") && { seats: amount("SEATS", values.seats) }),
      ...(isSent("storageBytes") && { storageBytes: amount("STORAGE_BYTES", values.storageBytes) }),
      ...(isSent("requestsPerDay") && { requestsPerDay: amount("REQUESTS_PER_DAY", values.requestsPerDay) }),
      ...(isSent("features") && { features: values.features as Feature[] }),
      ...(isSent("forNewTenants") && { forNewTenants: values.forNewTenants }),
    };
    await set({ variables: { input } });
    announceDone(plan === null ? "The plan has been made." : "The plan has been changed for all who have it.");
    close();
  });
  return (
    <Form
      submission={submission}
      submitLabel={plan === null ? "Create" : "Save"}
      label={plan === null ? "New plan" : "Change the plan"}
      onCancel={close}
    >
      <Stack>
        <TextInput
          label="Name"
          description="For people"
          required
          withAsterisk={false}
          dir="auto"
          maxLength={100}
          data-autofocus
          {...form.getInputProps("name")}
        />
        {plan === null && (
          <TextInput
            label="Id"
            description="For programs, such as free. It stays as it is"
            required
            withAsterisk={false}
            {...form.getInputProps("id")}
          />
        )}
        <TextInput
          label="Seats"
          description="Members and open invitations; nothing for any number"
          inputMode="numeric"
          {...form.getInputProps("seats")}
        />
        <TextInput
          label="Storage"
          description="Bytes, or such as 500 MB or 2 GB; nothing for any number"
          {...form.getInputProps("storageBytes")}
        />
        <TextInput
          label="Requests a day"
          description="From midnight to midnight, UTC; nothing for any number"
          inputMode="numeric"
          {...form.getInputProps("requestsPerDay")}
        />
        <Checkbox.Group label="Features" {...form.getInputProps("features")}>
          <Stack gap="xs" mt="xs">
            {Object.entries(features).map(([feature, label]) => (
              <Checkbox key={feature} value={feature} label={label} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Checkbox
          label="New organisations get it"
          description="Those that sign up, and those that are made without another one. It is one plan at most"
          {...form.getInputProps("forNewTenants", { type: "checkbox" })}
        />
      </Stack>
    </Form>
  );
}
