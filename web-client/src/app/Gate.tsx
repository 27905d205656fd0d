import { ApolloProvider } from "@apollo/client/react";
import { Loader, VisuallyHidden } from "@mantine/core";
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { apiAddress } from "../api/address.ts";
import { createClient } from "../api/client.ts";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import { OrganisationDocument } from "../generated/graphql.ts";
import { KeeperContext, ViewerContext } from "../session/context.ts";
import type { SessionKeeper } from "../session/keeper.ts";
import { SignInPage } from "../session/SignInPage.tsx";
import { OrganisationName } from "../ui/Page.tsx";
import { ProblemPage } from "./ProblemPage.tsx";

type State = { kind: "starting" } | { kind: "refused"; problem: Problem } | { kind: "open"; organisation: string };

/** Asks which organisation this address belongs to and who is signed in, and shows its pages to those who are. */
export function Gate({ keeper, children }: { keeper: SessionKeeper; children: ReactNode }) {
  const address = apiAddress(window.location);
  const [state, setState] = useState<State>({ kind: "starting" });
  const [attempt, setAttempt] = useState(0);
  const session = useSyncExternalStore(keeper.subscribe, keeper.current);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);

  useEffect(() => {
    let abandoned = false;
    Promise.all([request(address, OrganisationDocument, {}), keeper.start()]).then(
      ([{ tenant }]) => {
        if (!abandoned) setState({ kind: "open", organisation: tenant.name });
      },
      (error: unknown) => {
        if (!abandoned) setState({ kind: "refused", problem: readProblem(error) });
      },
    );
    return () => {
      abandoned = true;
    };
  }, [address, keeper, attempt]);

  const account = session?.viewer.account.id ?? null;
  // What one account has read is not there for the next one.
  const client = useMemo(() => (account === null ? null : createClient(keeper, address)), [account, keeper, address]);

  if (state.kind === "starting") return <Starting />;
  if (state.kind === "refused") return <ProblemPage problem={state.problem} onRetry={retry} />;
  return (
    <KeeperContext value={keeper}>
      <OrganisationName value={state.organisation}>
        {session === null || client === null ? (
          <SignInPage organisation={state.organisation} />
        ) : (
          <ViewerContext value={session.viewer}>
            <ApolloProvider client={client} key={account}>
              {children}
            </ApolloProvider>
          </ViewerContext>
        )}
      </OrganisationName>
    </KeeperContext>
  );
}

function Starting() {
  return (
    <main className="centred">
      <div role="status" style={{ textAlign: "center" }}>
        <Loader aria-hidden="true" />
        <VisuallyHidden>Loading…</VisuallyHidden>
      </div>
    </main>
  );
}
