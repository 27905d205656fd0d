import type { Role } from "../generated/graphql.ts";
import { roles } from "../ui/format.ts";

/** The roles that someone may give or take: only an owner makes or unmakes an owner. */
export function grantableRoles(own: Role | null): { value: Role; label: string }[] {
  const all = Object.keys(roles) as Role[];
  return all.filter((role) => own === "OWNER" || role !== "OWNER").map((role) => ({ value: role, label: roles[role] }));
}

/** Whether someone may change or end a membership: nobody the own one, and only an owner an owner's. */
export function mayChange(
  own: { role: Role | null; accountId: string | null },
  member: { role: Role; accountId: string },
) {
  return member.accountId !== own.accountId && (own.role === "OWNER" || member.role !== "OWNER");
}
