import type { ErrorLike } from "@apollo/client";
import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import {
  type DepartmentFieldsFragment,
  DepartmentsDocument,
  type LocationFieldsFragment,
  LocationsDocument,
  type PositionFieldsFragment,
  PositionsDocument,
} from "../generated/graphql.ts";
import { departmentTree, flatten } from "./tree.ts";

/** An entry of a `<select>`. */
export interface Choice {
  value: string;
  label: string;
}

/** A whole list of the organisation; undefined until its first page is here. */
export interface Whole<Item> {
  items: Item[] | undefined;
  error: ErrorLike | undefined;
  retry: () => void;
}

interface Connection<Item> {
  nodes: Item[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Turns a query for the first page into the whole list; the cache joins the pages (see api/client.ts). */
function useWhole<Item>(
  connection: Connection<Item> | undefined,
  query: {
    error?: ErrorLike | undefined;
    fetchMore: (options: { variables: { after: string } }) => Promise<unknown>;
    refetch: () => Promise<unknown>;
  },
): Whole<Item> {
  const { fetchMore, refetch } = query;
  const next = connection?.pageInfo.hasNextPage === true ? connection.pageInfo.endCursor : null;
  useEffect(() => {
    // A page that does not come leaves the list shorter; the next visit asks again.
    if (next !== null) fetchMore({ variables: { after: next } }).catch(() => undefined);
  }, [next, fetchMore]);
  return {
    items: connection?.nodes,
    error: query.error,
    retry: () => {
      // What is wrong is in the query's error.
      refetch().catch(() => undefined);
    },
  };
}

const fresh = { fetchPolicy: "cache-and-network" } as const;

/** All departments. */
export function useDepartments(): Whole<DepartmentFieldsFragment> {
  const query = useQuery(DepartmentsDocument, fresh);
  return useWhole(query.data?.departments, query);
}

/** All positions, by title. */
export function usePositions(): Whole<PositionFieldsFragment> {
  const query = useQuery(PositionsDocument, fresh);
  return useWhole(query.data?.positions, query);
}

/** All locations, by name. */
export function useLocations(): Whole<LocationFieldsFragment> {
  const query = useQuery(LocationsDocument, fresh);
  return useWhole(query.data?.locations, query);
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
  const departments = useDepartments().items ?? [];
  const positions = usePositions().items ?? [];
  const locations = useLocations().items ?? [];
  return {
    departments: departmentChoices(departments),
    positions: positions.map(({ id, title }) => ({ value: id, label: title })),
    locations: locations.map(({ id, name }) => ({ value: id, label: name })),
  };
}
