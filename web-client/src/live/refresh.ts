import type { ApolloClient } from "@apollo/client";
import type { Clock } from "./keep-open.ts";

/** What has changed. */
export type Changed = "employees" | "departments";

/** The operations on the screen that show something of it. */
const affected: Readonly<Record<Changed, readonly string[]>> = {
  employees: ["Directory", "Employee", "DirectReports", "EmployeeHistory", "Departments", "Positions"],
  departments: ["Directory", "Departments"],
};

/** How soon after a change the lists are asked for again, and how often at most, in milliseconds. */
const pace = { soon: 200, atMost: 2_000 };

/**
 * Returns a function that has the lists on the screen asked for again: soon after a change, and not once for each of
 * many. What is not on the screen is asked for anyway when it comes there.
 */
export function refresher(
  refetch: (operations: ReadonlySet<string>) => void,
  clock: Pick<Clock, "now" | "later">,
): (changed: Changed) => void {
  const waiting = new Set<string>();
  let pending = false;
  let last = Number.NEGATIVE_INFINITY;
  return (changed) => {
    for (const operation of affected[changed]) waiting.add(operation);
    if (pending) return;
    pending = true;
    clock.later(Math.max(pace.soon, last + pace.atMost - clock.now()), () => {
      pending = false;
      last = clock.now();
      const operations = new Set(waiting);
      waiting.clear();
      refetch(operations);
    });
  };
}

/** Asks again for those of the operations that are on the screen. */
export function refetchShown(client: ApolloClient, operations: ReadonlySet<string>): void {
  for (const query of client.getObservableQueries("active")) {
    if (query.queryName === undefined || !operations.has(query.queryName)) continue;
    // What does not come is what it was; the page's own next request says what is wrong.
    query.refetch().catch(() => undefined);
  }
}
