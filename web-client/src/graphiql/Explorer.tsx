import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { sessionFetcher } from "./fetcher.ts";
import { type ExplorerHost, findHost } from "./host.ts";

const welcomeToTenant = `# Questions to this organisation's employee directory.
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

const welcomeToApex = `# Questions about your account, at the address that all organisations' addresses end in.
# The documentation of every type is behind the book on the left.
query MyOrganisations {
  account {
    name
  }
  workspaces {
    name
    role
    url
  }
}
`;

/** GraphiQL for this host's API, as the person who is signed in to the client on the same host. */
export function Explorer() {
  const [host, setHost] = useState<ExplorerHost | null>(null);
  const fetcher = useMemo(() => (host === null ? null : sessionFetcher(host.session, host.address)), [host]);

  useEffect(() => {
    let abandoned = false;
    void findHost().then((found) => {
      if (!abandoned) setHost(found);
    });
    return () => {
      abandoned = true;
    };
  }, []);

  if (host === null || fetcher === null) return <p className="explorer-note">Loading…</p>;
  return (
    <div className="explorer">
      <header className="explorer-note" role="status">
        {host.person === null ? (
          <>
            You are not signed in. <a href="/">Sign in</a>, then load this page again.
          </>
        ) : (
          <>
            Signed in as <bdi>{host.person.name}</bdi> (<bdi>{host.person.email}</bdi>).{" "}
            <a href="/">{host.apex ? "Back to your organisations" : "Back to the directory"}</a>
          </>
        )}
      </header>
      <GraphiQL
        fetcher={fetcher}
        defaultQuery={host.apex ? welcomeToApex : welcomeToTenant}
        defaultEditorToolsVisibility="variables"
      >
        <GraphiQL.Logo>Tenantry</GraphiQL.Logo>
      </GraphiQL>
    </div>
  );
}
