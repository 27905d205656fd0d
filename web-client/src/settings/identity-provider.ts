import type { IdentityProviderFieldsFragment, Role, SetIdentityProviderInput } from "../generated/graphql.ts";
import { roles } from "../ui/format.ts";

/** The form's values; `key` tells the rows of the mapping apart. */
export interface ProviderValues {
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  audience: string;
  roleClaim: string;
  roles: { key: string; value: string; role: Role }[];
  defaultRole: Role | "";
}

export const emptyValues: ProviderValues = {
  name: "",
  issuer: "",
  clientId: "",
  clientSecret: "",
  audience: "",
  roleClaim: "",
  roles: [],
  defaultRole: "",
};

/** The roles that a provider may give: owners are made by owners alone. */
export const mappableRoles = (Object.keys(roles) as Role[])
  .filter((role) => role !== "OWNER")
  .map((role) => ({ value: role, label: roles[role] }));

/** What the form begins with. */
export function valuesOf(provider: IdentityProviderFieldsFragment): ProviderValues {
  return {
    name: provider.name,
    issuer: provider.issuer,
    clientId: provider.clientId,
    clientSecret: "",
    audience: provider.audience ?? "",
    roleClaim: provider.roleClaim ?? "",
    roles: provider.roles.map(({ value, role }, index) => ({ key: String(index), value, role })),
    defaultRole: provider.defaultRole ?? "",
  };
}

/** What is sent. A secret that is not entered is left out, so that the one that is there stays. */
export function providerInput(values: ProviderValues): SetIdentityProviderInput {
  const orNull = (text: string) => (text.trim() === "" ? null : text.trim());
  return {
    name: values.name.trim(),
    issuer: values.issuer.trim(),
    clientId: values.clientId.trim(),
    ...(values.clientSecret === "" ? {} : { clientSecret: values.clientSecret }),
    audience: orNull(values.audience),
    roleClaim: orNull(values.roleClaim),
    roles: values.roles
      .filter(({ value }) => value.trim() !== "")
      .map(({ value, role }) => ({ value: value.trim(), role })),
    defaultRole: values.defaultRole === "" ? null : values.defaultRole,
  };
}

export const checks = {
  name: (value: string) => (value.trim() === "" ? "Enter a name." : null),
  issuer: (value: string) => (value.trim() === "" ? "Enter the issuer’s address." : null),
  clientId: (value: string) => (value.trim() === "" ? "Enter the client ID." : null),
  roleClaim: (value: string, values: ProviderValues) =>
    value.trim() === "" && values.roles.some((mapping) => mapping.value.trim() !== "")
      ? "Enter the claim in which these values are."
      : null,
};
