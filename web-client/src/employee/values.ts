import type {
  EmployeeDetailsFragment,
  EmploymentType,
  HireEmployeeInput,
  UpdateEmployeeInput,
} from "../generated/graphql.ts";

/** What the inputs about a person hold; an empty text is nothing. */
export interface PersonValues {
  givenName: string;
  familyName: string;
  preferredName: string;
  workEmail: string;
  employmentType: EmploymentType;
  birthDate: string;
  personalEmail: string;
  phone: string;
  address: string;
  /** The amount of the yearly gross salary. */
  salary: string;
  currency: string;
}

/** What the inputs about a person's place in the organisation hold. */
export interface PlaceValues {
  departmentId: string;
  positionId: string;
  locationId: string;
  managerId: string;
}

export interface HireValues extends PersonValues, PlaceValues {
  hiredOn: string;
}

export const nobody: PersonValues = {
  givenName: "",
  familyName: "",
  preferredName: "",
  workEmail: "",
  employmentType: "FULL_TIME",
  birthDate: "",
  personalEmail: "",
  phone: "",
  address: "",
  salary: "",
  currency: "",
};

export function personValues(employee: EmployeeDetailsFragment): PersonValues {
  return {
    givenName: employee.givenName,
    familyName: employee.familyName,
    preferredName: employee.preferredName ?? "",
    workEmail: employee.workEmail,
    employmentType: employee.employmentType,
    birthDate: employee.personal?.birthDate ?? "",
    personalEmail: employee.personal?.personalEmail ?? "",
    phone: employee.personal?.phone ?? "",
    address: employee.personal?.address ?? "",
    salary: employee.salary?.amount ?? "",
    currency: employee.salary?.currency ?? "",
  };
}

const optionalTexts = ["preferredName", "birthDate", "personalEmail", "phone", "address"] as const;
const requiredTexts = ["givenName", "familyName", "workEmail"] as const;

/**
 * Only what has been changed: a field left out stays as it is, so nothing that another person changes meanwhile, and
 * nothing that this person may not see, is overwritten. Null when nothing has been changed.
 */
export function changesOf(
  employee: EmployeeDetailsFragment,
  before: PersonValues,
  after: PersonValues,
): UpdateEmployeeInput | null {
  const changes: Omit<UpdateEmployeeInput, "id" | "expectedVersion"> = {};
  for (const name of requiredTexts) {
    if (after[name].trim() !== before[name]) changes[name] = after[name].trim();
  }
  for (const name of optionalTexts) {
    if (after[name].trim() !== before[name]) changes[name] = textOrNull(after[name]);
  }
  if (after.employmentType !== before.employmentType) changes.employmentType = after.employmentType;
  if (after.salary.trim() !== before.salary || after.currency !== before.currency) changes.salary = moneyOrNull(after);
  if (Object.keys(changes).length === 0) return null;
  return { id: employee.id, expectedVersion: employee.version, ...changes };
}

/** The input that hires a person. What was left empty is left out. */
export function hireInput(values: HireValues): HireEmployeeInput {
  const personal = {
    birthDate: textOrNull(values.birthDate),
    personalEmail: textOrNull(values.personalEmail),
    phone: textOrNull(values.phone),
    address: textOrNull(values.address),
  };
  return {
    givenName: values.givenName.trim(),
    familyName: values.familyName.trim(),
    preferredName: textOrNull(values.preferredName),
    workEmail: values.workEmail.trim(),
    employmentType: values.employmentType,
    departmentId: values.departmentId,
    positionId: values.positionId,
    locationId: textOrNull(values.locationId),
    managerId: textOrNull(values.managerId),
    hiredOn: values.hiredOn,
    personal: Object.values(personal).every((value) => value === null) ? null : personal,
    salary: moneyOrNull(values),
  };
}

export function textOrNull(text: string): string | null {
  const trimmed = text.trim();
  return trimmed === "" ? null : trimmed;
}

function moneyOrNull({ salary, currency }: PersonValues): { amount: string; currency: string } | null {
  const amount = textOrNull(salary);
  return amount === null ? null : { amount, currency };
}

type Check = (value: string) => string | null;

/** Checks that something was entered; the rest is for the server to judge, which knows the rules. */
export function required(what: string): Check {
  return (value) => (value.trim() === "" ? `Enter ${what}.` : null);
}

function email(value: string): string | null {
  return value.trim() === "" || /^\S+@\S+$/.test(value.trim()) ? null : "Enter an address like name@example.com.";
}

/** What the form can say about a person without asking the server. */
export const personChecks = {
  givenName: required("the given name"),
  familyName: required("the family name"),
  workEmail: (value: string) => required("the work e-mail address")(value) ?? email(value),
  personalEmail: email,
  salary: (value: string, values: PersonValues) => {
    if (value.trim() === "") return values.currency === "" ? null : "Enter the amount, or choose no currency.";
    return /^\d{1,12}(?:\.\d{1,2})?$/.test(value.trim()) ? null : "Enter a number like 52000 or 52000.50.";
  },
  currency: (value: string, values: PersonValues) =>
    value === "" && values.salary.trim() !== "" ? "Choose the currency." : null,
};
