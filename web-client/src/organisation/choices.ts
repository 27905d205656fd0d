import { useQuery } from "@apollo/client/react";
import {
  type DepartmentFieldsFragment,
  DepartmentsDocument,
  LocationsDocument,
  PositionsDocument,
} from "../generated/graphql.ts";
import { departmentTree, flatten } from "./tree.ts";

/** An entry of a `<select>`. */
export interface Choice {
  value: string;
  label: string;
}

/** The departments in the order of their tree, each indented by its depth. */
export function departmentChoices(departments: readonly DepartmentFieldsFragment[]): Choice[] {
  return flatten(departmentTree(departments)).map(({ department, depth }) => ({
    value: department.id,
    // No-break spaces, because an option of a select keeps no others.
    label: "\u00a0\u00a0".repeat(depth) + department.name,
  }));
}

/** What an employee can be given: the departments, positions and locations of the organisation. */
export function useChoices(): { departments: Choice[]; positions: Choice[]; locations: Choice[] } {
  const departments = useQuery(DepartmentsDocument).data?.departments.nodes ?? [];
  const positions = useQuery(PositionsDocument).data?.positions.nodes ?? [];
  const locations = useQuery(LocationsDocument).data?.locations.nodes ?? [];
  return {
    departments: departmentChoices(departments),
    positions: positions.map(({ id, title }) => ({ value: id, label: title })),
    locations: locations.map(({ id, name }) => ({ value: id, label: name })),
  };
}
