import { ApolloProvider } from "@apollo/client/react";
import { type ReactNode, useCallback, useMemo, useSyncExternalStore } from "react";
import { apiAddress, liveAddress } from "../api/address.ts";
import { createClient } from "../api/client.ts";
import { liveClient, liveLink } from "../live/connection.ts";
import { LiveUpdates } from "../live/LiveUpdates.tsx";
import { useKeeper, ViewerContext } from "../session/context.ts";
import { SignInPage } from "../session/SignInPage.tsx";

/** Shows pages to those who are signed in, and the others the way in. */
export function SignedIn({ children }: { children: ReactNode }) {
  const keeper = useKeeper();
  const session = useSyncExternalStore(keeper.subscribe, keeper.current);
  // A session in the browser is a person's.
  const account = session === null ? null : (session.viewer.account?.id ?? "");
  // What one account has read is not there for the next one.
  const connected = useMemo(() => {
    if (account === null) return null;
    const connection = liveClient(keeper, liveAddress(window.location));
    return { connection, client: createClient(keeper, apiAddress(window.location), liveLink(connection)) };
  }, [account, keeper]);
  const renew = useCallback(() => {
    // A server that is away is met again by the next request.
    keeper.renew(keeper.current()?.accessToken ?? null).catch(() => undefined);
  }, [keeper]);

  if (session === null || connected === null) return <SignInPage />;
  return (
    <ViewerContext value={session.viewer}>
      <ApolloProvider client={connected.client} key={account}>
        <LiveUpdates client={connected.client} connection={connected.connection} onRefused={renew} />
        {children}
      </ApolloProvider>
    </ViewerContext>
  );
}
