import { Loader, VisuallyHidden } from "@mantine/core";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { apiAddress } from "../api/address.ts";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import { OrganisationDocument, type OrganisationQuery } from "../generated/graphql.ts";
import { DoorContext, KeeperContext } from "../session/context.ts";
import { doorTo } from "../session/door.ts";
import { tenantEntrance } from "../session/entrance.ts";
import type { SessionKeeper } from "../session/keeper.ts";
import { OrganisationName } from "../ui/Page.tsx";
import { ProblemPage } from "./ProblemPage.tsx";

type State =
  | { kind: "starting" }
  | { kind: "refused"; problem: Problem }
  | { kind: "open"; organisation: OrganisationQuery["tenant"] };

interface Props {
  keeper: SessionKeeper;
  /** Called when the API at this address does not know the question: it is the apex. */
  onOtherHost?: (() => void) | undefined;
  children: ReactNode;
}

/** Asks which organisation this address belongs to and who is signed in, and opens when both are known. */
export function Gate({ keeper, onOtherHost, children }: Props) {
  const address = apiAddress(window.location);
  const { state, retry } = useStart(address, keeper, onOtherHost);
  const door = useMemo(() => {
    if (state.kind !== "open") return null;
    const { name, slug, identityProviderName } = state.organisation;
    return doorTo(keeper, tenantEntrance(address), { name, slug, address, identityProvider: identityProviderName });
  }, [state, keeper, address]);

  if (state.kind === "refused") return <ProblemPage problem={state.problem} onRetry={retry} />;
  if (state.kind === "starting" || door === null) return <Starting />;
  return (
    <KeeperContext value={keeper}>
      <OrganisationName value={state.organisation.name}>
        <DoorContext value={door}>{children}</DoorContext>
      </OrganisationName>
    </KeeperContext>
  );
}

function useStart(address: string, keeper: SessionKeeper, onOtherHost: (() => void) | undefined) {
  const [state, setState] = useState<State>({ kind: "starting" });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);

  useEffect(() => {
    let abandoned = false;
    Promise.all([request(address, OrganisationDocument, {}), keeper.start()]).then(
      ([{ tenant }]) => {
        if (!abandoned) setState({ kind: "open", organisation: tenant });
      },
      (error: unknown) => {
        if (abandoned) return;
        const problem = readProblem(error);
        if (problem.code === "BAD_USER_INPUT" && onOtherHost !== undefined) onOtherHost();
        else setState({ kind: "refused", problem });
      },
    );
    return () => {
      abandoned = true;
    };
  }, [address, keeper, attempt, onOtherHost]);
  return { state, retry };
}

/** Until it is known where one is. */
export function Starting() {
  return (
    <main className="centred">
      <div role="status" style={{ textAlign: "center" }}>
        <Loader aria-hidden="true" />
        <VisuallyHidden>Loading…</VisuallyHidden>
      </div>
    </main>
  );
}
