import { ApolloProvider } from "@apollo/client/react";
import { type ReactNode, useCallback, useMemo, useState, useSyncExternalStore } from "react";
import { apiAddress, liveAddress } from "../api/address.ts";
import { createClient } from "../api/client.ts";
import { isClosed, type Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { liveClient, liveLink } from "../live/connection.ts";
import { LiveUpdates } from "../live/LiveUpdates.tsx";
import { useKeeper, ViewerContext } from "../session/context.ts";
import type { Viewer } from "../session/keeper.ts";
import { SignInPage } from "../session/SignInPage.tsx";
import { ProblemPage } from "./ProblemPage.tsx";
import { VisitEnded } from "./VisitEnded.tsx";

/** Whose session it is: an account's, or that of an operator who was let in, who has none. */
function readerOf({ account, name, support }: Viewer): string {
  return account?.id ?? `${name}, until ${support?.expiresAt ?? ""}`;
}

/** Shows pages to those who are signed in, and the others the way in. */
export function SignedIn({ children }: { children: ReactNode }) {
  const keeper = useKeeper();
  const session = useSyncExternalStore(keeper.subscribe, keeper.current);
  // The organisation is not served any more; what was on the page is not shown either.
  const [closed, setClosed] = useState<Problem | null>(null);
  // An operator who was let in has no account here to sign in with afterwards.
  const [wasVisit, setWasVisit] = useState(false);
  const isVisit = session === null ? wasVisit : session.viewer.support !== null;
  if (isVisit !== wasVisit) setWasVisit(isVisit);
  const reader = session === null ? null : readerOf(session.viewer);
  // What one has read is not there for the next one.
  const connected = useMemo(() => {
    if (reader === null) return null;
    const connection = liveClient(keeper, liveAddress(window.location));
    return { connection, client: createClient(keeper, apiAddress(window.location), liveLink(connection)) };
  }, [reader, keeper]);
  const renew = useCallback(() => {
    keeper.renew(keeper.current()?.accessToken ?? null).catch((error: unknown) => {
      const problem = readProblem(error);
      // A server that is away is met again by the next request.
      if (isClosed(problem)) setClosed(problem);
    });
  }, [keeper]);

  if (closed !== null) return <ProblemPage problem={closed} onRetry={() => window.location.reload()} />;
  if (session === null || connected === null) return wasVisit ? <VisitEnded /> : <SignInPage />;
  return (
    <ViewerContext value={session.viewer}>
      <ApolloProvider client={connected.client} key={reader}>
        <LiveUpdates client={connected.client} connection={connected.connection} onRefused={renew} />
        {children}
      </ApolloProvider>
    </ViewerContext>
  );
}
