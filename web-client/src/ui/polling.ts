import { useEffect } from "react";

/** So often what is waited for is asked for again, in milliseconds. */
const interval = 30_000;

/** What of a query asks again and again. */
interface Query {
  startPolling: (interval: number) => void;
  stopPolling: () => void;
}

/** Asks again every half a minute while something is waited for that nobody tells this page of. */
export function usePolling(isWaiting: boolean, { startPolling, stopPolling }: Query): void {
  useEffect(() => {
    if (isWaiting) startPolling(interval);
    return stopPolling;
  }, [isWaiting, startPolling, stopPolling]);
}

/** A page that nobody looks at asks nothing. */
export const isOutOfSight = (): boolean => document.hidden;
