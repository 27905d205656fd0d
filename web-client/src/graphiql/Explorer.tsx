import { GraphiQL } from "graphiql";
import { useEffect, useState, useSyncExternalStore } from "react";
import { apiAddress } from "../api/address.ts";
import type { SessionKeeper } from "../session/keeper.ts";
import { sessionFetcher } from "./fetcher.ts";

const welcome = `# Questions to this organisation's employee directory.
# The documentation of every type is behind the book on the left.
query FirstPeople {
  tenant {
    name
  }
  employees(first: 5, orderBy: { field: NAME }) {
    totalCount
    nodes {
      name
      position {
        title
      }
      department {
        name
      }
    }
  }
}
`;

/** GraphiQL for this host's API, as the person who is signed in to the client on the same host. */
export function Explorer({ keeper }: { keeper: SessionKeeper }) {
  const session = useSyncExternalStore(keeper.subscribe, keeper.current);
  const [started, setStarted] = useState(false);
  const [fetcher] = useState(() => sessionFetcher(keeper, apiAddress(window.location)));

  useEffect(() => {
    // Without a session GraphiQL still shows the documentation and what anyone may ask.
    void keeper
      .start()
      .catch(() => undefined)
      .then(() => setStarted(true));
  }, [keeper]);

  if (!started) return <p className="explorer-note">Loading…</p>;
  return (
    <div className="explorer">
      <header className="explorer-note" role="status">
        {session === null ? (
          <>
            You are not signed in. <a href="/">Sign in</a>, then load this page again.
          </>
        ) : (
          <>
            Signed in as <bdi>{session.viewer.account.name}</bdi> (<bdi>{session.viewer.account.email}</bdi>).{" "}
            <a href="/">Back to the directory</a>
          </>
        )}
      </header>
      <GraphiQL fetcher={fetcher} defaultQuery={welcome} defaultEditorToolsVisibility="variables">
        <GraphiQL.Logo>Tenantry</GraphiQL.Logo>
      </GraphiQL>
    </div>
  );
}
