import { NativeSelect, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import { useChoices } from "../organisation/choices.ts";
import { employmentTypes } from "../ui/format.ts";
import { EmployeePicker } from "./EmployeePicker.tsx";
import type { PersonValues, PlaceValues } from "./values.ts";

/** Inputs that belong together, under their heading. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="surface">
      <fieldset className="group">
        <legend>{title}</legend>
        {children}
      </fieldset>
    </div>
  );
}

const choose = (label: string) => ({ value: "", label });

/** The name, the work address and the kind of employment. */
export function PersonFields<Values extends PersonValues>({ form }: { form: UseFormReturnType<Values> }) {
  return (
    <div className="fields">
      <TextInput label="Given name" required dir="auto" {...form.getInputProps("givenName")} />
      <TextInput label="Family name" required dir="auto" {...form.getInputProps("familyName")} />
      <PreferredNameField form={form} />
      <TextInput label="Work e-mail" type="email" required {...form.getInputProps("workEmail")} />
      <NativeSelect
        label="Employment"
        data={Object.entries(employmentTypes).map(([value, label]) => ({ value, label }))}
        {...form.getInputProps("employmentType")}
      />
    </div>
  );
}

export function PreferredNameField<Values extends PersonValues>({ form }: { form: UseFormReturnType<Values> }) {
  return (
    <TextInput
      label="Preferred name"
      description="Shown instead of the given name"
      dir="auto"
      {...form.getInputProps("preferredName")}
    />
  );
}

/** How to reach the person outside of work. */
export function ContactFields<Values extends PersonValues>({ form }: { form: UseFormReturnType<Values> }) {
  return (
    <>
      <TextInput label="Personal e-mail" type="email" {...form.getInputProps("personalEmail")} />
      <TextInput label="Phone" type="tel" {...form.getInputProps("phone")} />
      <Textarea label="Address" className="wide" dir="auto" rows={2} {...form.getInputProps("address")} />
    </>
  );
}

export function BirthDateField<Values extends PersonValues>({ form }: { form: UseFormReturnType<Values> }) {
  return <TextInput label="Date of birth" type="date" {...form.getInputProps("birthDate")} />;
}

/** The yearly gross salary. */
export function SalaryFields<Values extends PersonValues>({ form }: { form: UseFormReturnType<Values> }) {
  return (
    <>
      <TextInput
        label="Salary a year, gross"
        placeholder="52000.00"
        inputMode="decimal"
        {...form.getInputProps("salary")}
      />
      <NativeSelect
        label="Currency"
        data={[choose("None"), ...Intl.supportedValuesOf("currency")]}
        {...form.getInputProps("currency")}
      />
    </>
  );
}

/** The department, position, location and manager. */
export function PlaceFields<Values extends PlaceValues>(props: {
  form: UseFormReturnType<Values>;
  manager?: { id: string; name: string } | null;
  except?: string;
  /** Whether the department and the position have to be chosen. */
  required: boolean;
  /** What it means to choose no manager and no location. */
  noManager: string;
  noLocation: string;
}) {
  const { form } = props;
  const { departments, positions, locations } = useChoices();
  return (
    <div className="fields">
      <NativeSelect
        label="Department"
        required={props.required}
        data={[choose("Choose a department"), ...departments]}
        {...form.getInputProps("departmentId")}
      />
      <NativeSelect
        label="Position"
        required={props.required}
        data={[choose("Choose a position"), ...positions]}
        {...form.getInputProps("positionId")}
      />
      <NativeSelect
        label="Location"
        data={[choose(props.noLocation), ...locations]}
        {...form.getInputProps("locationId")}
      />
      <EmployeePicker
        label="Manager"
        placeholder={props.noManager}
        known={props.manager ?? null}
        {...(props.except === undefined ? {} : { except: props.except })}
        value={form.values.managerId}
        onChange={(id) => (form.getInputProps("managerId").onChange as (value: string) => void)(id)}
        error={form.errors["managerId"]}
      />
    </div>
  );
}
