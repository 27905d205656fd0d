const actions: Readonly<Record<string, string>> = {
  "employee.hired": "Hired",
  "employee.updated": "Changed",
  "employee.transferred": "Transferred",
  "employee.manager_changed": "Got another manager",
  "employee.terminated": "Terminated",
  "employee.rehired": "Rehired",
};

/** What happened, in words; an action that is not known yet is shown by its own name. */
export function actionText(action: string): string {
  return actions[action] ?? sentence(action.split(".").at(-1) ?? action);
}

/** The names of the fields that an event changed, in words. */
export function changedFields(changes: unknown): string[] {
  if (typeof changes !== "object" || changes === null) return [];
  return Object.keys(changes)
    .filter((name) => name !== "version")
    .map((name) => sentence(name.replace(/_?id$/i, "")).toLocaleLowerCase());
}

/** `managerChanged` and `manager_changed` as `Manager changed`. */
export function sentence(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
