import { useMutation } from "@apollo/client/react";
import { Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type OperatorTenantQuery, SetTenantTermsDocument } from "../generated/operator.ts";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { endOfDay, lastDay } from "../ui/format.ts";

interface Props {
  details: Pick<OperatorTenantQuery["tenant"], "terms"> & {
    tenant: Pick<OperatorTenantQuery["tenant"]["tenant"], "id" | "trialEndsAt" | "paidUntil">;
  };
  close: () => void;
  /** Called when something has changed. */
  onDone: () => void;
}

const largest = 3_650;

const daysCheck = (value: string) =>
  /^\s*\d*\s*$/.test(value) && Number(value) <= largest ? null : `Enter up to ${largest} days, or nothing.`;

/** The dates, as days that each count as a whole, in UTC, and the organisation's own days before and after them. */
export function TermsForm({ details: { tenant, terms }, close, onDone }: Props) {
  const [set] = useMutation(SetTenantTermsDocument);
  const day = (instant: string | null) => (instant === null ? "" : lastDay(instant));
  const instant = (value: string) => (value === "" ? null : endOfDay(value));
  const typed = (days: number | null) => days?.toString() ?? "";
  const days = (value: string) => (value.trim() === "" ? null : Number(value));
  const form = useForm({
    initialValues: {
      trialEndsAt: day(tenant.trialEndsAt),
      paidUntil: day(tenant.paidUntil),
      warningDays: typed(terms.own.warningDays),
      readOnlyAfterDays: typed(terms.own.readOnlyAfterDays),
      suspendAfterDays: typed(terms.own.suspendAfterDays),
    },
    validate: { warningDays: daysCheck, readOnlyAfterDays: daysCheck, suspendAfterDays: daysCheck },
  });
  const submission = useSubmission(form, async (values) => {
    // What was not touched is left out, and stays as it is by now: somebody else may have changed it.
    const input = {
      id: tenant.id,
      ...(form.isDirty("trialEndsAt") && { trialEndsAt: instant(values.trialEndsAt) }),
      ...(form.isDirty("paidUntil") && { paidUntil: instant(values.paidUntil) }),
      ...(form.isDirty("warningDays") && { warningDays: days(values.warningDays) }),
      ...(form.isDirty("readOnlyAfterDays") && { readOnlyAfterDays: days(values.readOnlyAfterDays) }),
      ...(form.isDirty("suspendAfterDays") && { suspendAfterDays: days(values.suspendAfterDays) }),
    };
    await set({ variables: { input } });
    announceDone("The dates have been changed.");
    close();
    onDone();
  });
  return (
    <Form submission={submission} submitLabel="Save" label="Dates" onCancel={close}>
      <Stack>
        <TextInput
          label="Trial ends"
          description="After this day, UTC"
          type="date"
          {...form.getInputProps("trialEndsAt")}
        />
        <TextInput
          label="Paid until"
          description="This day included, UTC"
          type="date"
          {...form.getInputProps("paidUntil")}
        />
        <Text size="sm">Its own days; what is left empty is as the program has it.</Text>
        <TextInput
          label="Warned so many days before"
          inputMode="numeric"
          placeholder={String(terms.warningDays)}
          {...form.getInputProps("warningDays")}
        />
        <TextInput
          label="Read-only so many days after"
          inputMode="numeric"
          placeholder={String(terms.readOnlyAfterDays)}
          {...form.getInputProps("readOnlyAfterDays")}
        />
        <TextInput
          label="Suspended so many days after"
          inputMode="numeric"
          placeholder={String(terms.suspendAfterDays)}
          {...form.getInputProps("suspendAfterDays")}
        />
      </Stack>
    </Form>
  );
}
