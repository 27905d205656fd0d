import { useMutation } from "@apollo/client/react";
import { Button, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { type IntrospectionBy, type OperatorTenantQuery, SetTenantLimitsDocument } from "../generated/operator.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { formatNumber } from "../ui/format.ts";
import { Table } from "../ui/Table.tsx";
import { Section } from "./Section.tsx";
import { useMayChange } from "./session.ts";
import { introspectionName, introspections, limitNames } from "./text.ts";

interface Props {
  details: Pick<OperatorTenantQuery["tenant"], "limits" | "introspection" | "introspectionIsOwn"> & {
    tenant: { id: string; name: string };
  };
  /** Called when something has changed. */
  onDone: () => void;
}

/** How much an organisation may ask for, and who has set that. */
export function TenantLimits(props: Props) {
  const { limits, introspection, introspectionIsOwn } = props.details;
  const mayChange = useMayChange();
  const [changing, setChanging] = useState(false);
  const setBy = (isOwn: boolean) => (isOwn ? "an operator" : "the program");
  return (
    <Section
      title="Limits"
      actions={
        mayChange ? (
          <Button variant="default" size="xs" onClick={() => setChanging(true)}>
            Change the limits
          </Button>
        ) : undefined
      }
    >
      <Table columns={{ Limit: "", Value: "number", "Set by": "only-wide" }}>
        {limits.map(({ name, value, isOwn }) => (
          <tr key={name}>
            <th scope="row">{limitNames[name].label}</th>
            <td className="number">{value === null ? "any number" : formatNumber(value)}</td>
            <td className="only-wide">{setBy(isOwn)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">{introspectionName}</th>
          <td className="number">{introspections[introspection]}</td>
          <td className="only-wide">{setBy(introspectionIsOwn)}</td>
        </tr>
      </Table>
      {changing && (
        <Dialog title={`Limits of ${props.details.tenant.name}`} onClose={() => setChanging(false)}>
          {(close) => <LimitsForm {...props} close={close} />}
        </Dialog>
      )}
    </Section>
  );
}

const largest = 1_000_000;

function LimitsForm({ details, onDone, close }: Props & { close: Close }) {
  const [set] = useMutation(SetTenantLimitsDocument);
  const before: Record<string, string> = Object.fromEntries(
    details.limits.map(({ name, value, isOwn }) => [name, isOwn ? String(value ?? 0) : ""]),
  );
  const check = (value: string) =>
    /^\s*\d*\s*$/.test(value) && Number(value) <= largest
      ? null
      : `Enter a whole number up to ${formatNumber(largest)}, or nothing.`;
  const form = useForm<Record<string, string>>({
    initialValues: { ...before, introspection: details.introspectionIsOwn ? details.introspection : "" },
    validate: Object.fromEntries(details.limits.map(({ name }) => [name, check])),
  });
  const submission = useSubmission(form, async (values) => {
    const limits = details.limits
      .map(({ name }) => ({ name, typed: (values[name] ?? "").trim() }))
      .filter(({ name, typed }) => typed !== before[name])
      .map(({ name, typed }) => ({ name, value: typed === "" ? null : Number(typed) }));
    const introspection = (values["introspection"] ?? "") as IntrospectionBy | "";
    // What was not touched is left out, and stays as it is by now: somebody else may have changed it.
    const input = {
      id: details.tenant.id,
      limits,
      ...(form.isDirty("introspection") && { introspection: introspection === "" ? null : introspection }),
    };
    await set({ variables: { input } });
    announceDone("The limits have been changed.");
    close();
    onDone();
  });
  return (
    <Form submission={submission} submitLabel="Save" label="Limits" onCancel={() => close()}>
      <Stack>
        <Text size="sm">
          What is left empty is as the program has it. 0 stands for any number, where there can be one.
        </Text>
        {details.limits.map(({ name, value, isOwn }) => (
          <TextInput
            key={name}
            {...limitNames[name]}
            inputMode="numeric"
            placeholder={isOwn ? "" : value === null ? "any number" : String(value)}
            {...form.getInputProps(name)}
          />
        ))}
        <NativeSelect
          label={introspectionName}
          data={[
            { value: "", label: "As the program has it" },
            ...Object.entries(introspections).map(([value, label]) => ({ value, label })),
          ]}
          {...form.getInputProps("introspection")}
        />
      </Stack>
    </Form>
  );
}
