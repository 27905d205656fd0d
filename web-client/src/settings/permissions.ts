import type { Permission } from "../generated/graphql.ts";

/** What a program may be allowed, in groups and in words. What decides who gets in is for people alone. */
export const programPermissions: readonly { title: string; permissions: readonly (readonly [Permission, string])[] }[] =
  [
    {
      title: "Read",
      permissions: [
        ["READ_DIRECTORY", "The directory: people, departments, positions and locations"],
        ["READ_TERMINATED_EMPLOYEES", "People who have left"],
        ["READ_PRIVATE_DETAILS", "Private details: date of birth, address, phone"],
        ["READ_SALARIES", "Salaries"],
        ["READ_AUDIT", "What was changed, when and by whom"],
      ],
    },
    {
      title: "Change people",
      permissions: [
        ["HIRE_EMPLOYEES", "Hire"],
        ["UPDATE_EMPLOYEES", "Change records"],
        ["UPDATE_CONTACT_DETAILS", "Change contact details"],
        ["TRANSFER_EMPLOYEES", "Transfer"],
        ["CHANGE_MANAGERS", "Change managers"],
        ["TERMINATE_EMPLOYEES", "Terminate"],
        ["REHIRE_EMPLOYEES", "Rehire"],
      ],
    },
    {
      title: "Change the organisation",
      permissions: [
        ["MANAGE_DEPARTMENTS", "Departments"],
        ["MANAGE_POSITIONS", "Positions"],
        ["MANAGE_LOCATIONS", "Locations"],
      ],
    },
  ];

const words: ReadonlyMap<string, string> = new Map(
  programPermissions.flatMap(({ title, permissions }) =>
    permissions.map(([permission, label]) => [permission, title === "Read" ? label : `${title}: ${label}`] as const),
  ),
);

/** A permission in words. */
export function permissionLabel(permission: Permission): string {
  return words.get(permission) ?? permission.toLowerCase().replaceAll("_", " ");
}
