import type { DepartmentFieldsFragment } from "../generated/graphql.ts";

/** A department with those under it. */
export interface DepartmentNode {
  department: DepartmentFieldsFragment;
  children: DepartmentNode[];
  /** Active employees here and in all departments under it. */
  total: number;
}

/**
 * The tree that the departments' parents describe, each level by name. A department whose parent is not among them
 * stands at the top.
 */
export function departmentTree(departments: readonly DepartmentFieldsFragment[]): DepartmentNode[] {
  const nodes = new Map<string, DepartmentNode>(
    departments.map((department) => [department.id, { department, children: [], total: department.employeeCount }]),
  );
  const top: DepartmentNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.department.parent === null ? undefined : nodes.get(node.department.parent.id);
    (parent?.children ?? top).push(node);
  }
  arrange(top);
  return top;
}

function arrange(level: DepartmentNode[]): void {
  level.sort((one, other) => one.department.name.localeCompare(other.department.name));
  for (const node of level) {
    arrange(node.children);
    node.total += node.children.reduce((sum, child) => sum + child.total, 0);
  }
}

/** The tree as a list from top to bottom, each department with its depth. */
export function flatten(
  level: readonly DepartmentNode[],
  depth = 0,
): { department: DepartmentFieldsFragment; depth: number }[] {
  return level.flatMap((node) => [{ department: node.department, depth }, ...flatten(node.children, depth + 1)]);
}

/** The ids of a department and of all under it: where it cannot be moved to. */
export function within(level: readonly DepartmentNode[], id: string): Set<string> {
  for (const node of level) {
    if (node.department.id === id) return new Set(flatten([node]).map(({ department }) => department.id));
    const found = within(node.children, id);
    if (found.size > 0) return found;
  }
  return new Set();
}
