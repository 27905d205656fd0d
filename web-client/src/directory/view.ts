import type {
  DirectoryQueryVariables,
  EmployeeFilter,
  EmployeeOrder,
  EmploymentStatus,
  EmploymentType,
} from "../generated/graphql.ts";

/** How many people one page of the directory shows. */
export const pageSize = 25;

/** Orders of the directory, by their name in the address. */
export const orders = {
  name: { field: "NAME", direction: "ASC", label: "Name, A to Z" },
  "-name": { field: "NAME", direction: "DESC", label: "Name, Z to A" },
  "-hired": { field: "HIRED_ON", direction: "DESC", label: "Newest first" },
  hired: { field: "HIRED_ON", direction: "ASC", label: "Longest here first" },
  number: { field: "EMPLOYEE_NUMBER", direction: "ASC", label: "Number" },
} as const satisfies Record<string, EmployeeOrder & { label: string }>;

export type OrderName = keyof typeof orders;

/** What the directory shows: everything in it comes from the address, so a link or the back button restores it. */
export interface View {
  search: string;
  department: string;
  /** Whether people of the departments under the chosen one are shown too. */
  subdepartments: boolean;
  position: string;
  location: string;
  status: EmploymentStatus;
  type: EmploymentType | "";
  order: OrderName;
  /** The page after or before a cursor; neither is the first page. */
  cursor: { side: "after" | "before"; at: string } | null;
}

const types: readonly string[] = ["FULL_TIME", "PART_TIME", "CONTRACT", "INTERN"] satisfies EmploymentType[];

/** Reads a view from the address; anything it does not know counts as not given. */
export function readView(parameters: URLSearchParams): View {
  const get = (name: string) => parameters.get(name) ?? "";
  const type = get("type").toUpperCase();
  const order = get("order");
  const after = get("after");
  const before = get("before");
  return {
    search: get("q"),
    department: get("department"),
    subdepartments: get("sub") !== "no",
    position: get("position"),
    location: get("location"),
    status: get("status") === "left" ? "TERMINATED" : "ACTIVE",
    type: types.includes(type) ? (type as EmploymentType) : "",
    order: Object.hasOwn(orders, order) ? (order as OrderName) : "name",
    cursor: after !== "" ? { side: "after", at: after } : before !== "" ? { side: "before", at: before } : null,
  };
}

/** The shortest address of a view: what is as usual is left out. */
export function writeView(view: View): URLSearchParams {
  const parameters = new URLSearchParams();
  const put = (name: string, value: string) => {
    if (value !== "") parameters.set(name, value);
  };
  put("q", view.search);
  put("department", view.department);
  if (view.department !== "" && !view.subdepartments) put("sub", "no");
  put("position", view.position);
  put("location", view.location);
  put("status", view.status === "TERMINATED" ? "left" : "");
  put("type", view.type.toLowerCase());
  put("order", view.order === "name" ? "" : view.order);
  if (view.cursor !== null) put(view.cursor.side, view.cursor.at);
  return parameters;
}

/** Whether anything but the order restricts who is shown. */
export function isFiltered(view: View): boolean {
  return (
    view.search !== "" ||
    view.department !== "" ||
    view.position !== "" ||
    view.location !== "" ||
    view.type !== "" ||
    view.status !== "ACTIVE"
  );
}

/** The variables of the query that answers a view. */
export function queryFor(view: View): DirectoryQueryVariables {
  const filter: EmployeeFilter = { status: view.status };
  if (view.department !== "") {
    filter.departmentId = view.department;
    filter.includeSubdepartments = view.subdepartments;
  }
  if (view.position !== "") filter.positionId = view.position;
  if (view.location !== "") filter.locationId = view.location;
  if (view.type !== "") filter.employmentType = view.type;
  const { field, direction } = orders[view.order];
  const page =
    view.cursor?.side === "before"
      ? { last: pageSize, before: view.cursor.at }
      : { first: pageSize, ...(view.cursor === null ? {} : { after: view.cursor.at }) };
  return {
    filter,
    orderBy: { field, direction },
    ...(view.search === "" ? {} : { search: view.search }),
    ...page,
  };
}
