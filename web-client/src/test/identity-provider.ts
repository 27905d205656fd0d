import type { IdentityProviderFieldsFragment } from "../generated/graphql.ts";

/** An identity provider that is set up, for a test. */
export const provider: IdentityProviderFieldsFragment = {
  name: "Example",
  issuer: "https://login.example.com",
  clientId: "tenantry",
  hasClientSecret: true,
  audience: null,
  roleClaim: "groups",
  roles: [{ value: "people", role: "HR" }],
  defaultRole: null,
  redirectUri: "https://acme.example.com/auth/callback",
};
