import { Anchor, Avatar, Badge, Text } from "@mantine/core";
import { Link } from "react-router";
import type { DirectoryRowFragment } from "../generated/graphql.ts";
import { employmentTypes, formatDate, initials } from "../ui/format.ts";
import type { OrderName } from "./view.ts";

/** People as a table; on a phone each row keeps the name, with the position and department under it. */
export function EmployeeTable({ employees, order }: { employees: DirectoryRowFragment[]; order: OrderName }) {
  return (
    <div className="surface surface-flush">
      <table className="list">
        <thead>
          <tr>
            <th scope="col" aria-sort={sorted(order, "name")}>
              Name
            </th>
            <th scope="col" className="only-wide">
              Position
            </th>
            <th scope="col" className="only-wide">
              Department
            </th>
            <th scope="col" className="only-wide">
              Location
            </th>
            <th scope="col" className="only-wide" aria-sort={sorted(order, "hired")}>
              Hired
            </th>
            <th scope="col" className="number only-wide" aria-sort={sorted(order, "number")}>
              Number
            </th>
          </tr>
        </thead>
        <tbody>
          {employees.map((employee) => (
            <EmployeeRow key={employee.id} employee={employee} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function EmployeeRow({ employee }: { employee: DirectoryRowFragment }) {
  return (
    <tr>
      <th scope="row">
        <div className="person">
          <Avatar aria-hidden="true" radius="xl" color="indigo" size={36}>
            {initials(employee.name)}
          </Avatar>
          <div>
            <Anchor component={Link} to={`/employees/${employee.id}`} size="sm" fw={600} dir="auto">
              {employee.name}
            </Anchor>{" "}
            <EmploymentBadge employee={employee} />
            <Text size="xs" c="dimmed" className="only-wide">
              {employee.workEmail}
            </Text>
            <Text size="xs" c="dimmed" className="only-narrow">
              <bdi>{employee.position.title}</bdi> · <bdi>{employee.department.name}</bdi>
            </Text>
          </div>
        </div>
      </th>
      <td className="only-wide">
        <bdi>{employee.position.title}</bdi>
      </td>
      <td className="only-wide">
        <bdi>{employee.department.name}</bdi>
      </td>
      <td className="only-wide">
        <bdi>{employee.location?.name ?? "–"}</bdi>
      </td>
      <td className="only-wide">{formatDate(employee.hiredOn)}</td>
      <td className="number only-wide">{employee.employeeNumber}</td>
    </tr>
  );
}

/** Says what is out of the ordinary: left, or employed otherwise than full time. */
export function EmploymentBadge({ employee }: { employee: Pick<DirectoryRowFragment, "status" | "employmentType"> }) {
  if (employee.status === "TERMINATED") {
    return (
      <Badge color="red" variant="light">
        Left
      </Badge>
    );
  }
  if (employee.employmentType === "FULL_TIME") return null;
  return (
    <Badge color="gray" variant="light">
      {employmentTypes[employee.employmentType]}
    </Badge>
  );
}

function sorted(order: OrderName, column: string): "ascending" | "descending" | undefined {
  if (order === column) return "ascending";
  return order === `-${column}` ? "descending" : undefined;
}
