import { ApolloProvider } from "@apollo/client/react";
import { Anchor } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { createBrowserRouter, Link, Navigate, type RouteObject, RouterProvider } from "react-router";
import { ForgotPasswordPage } from "../account/ForgotPasswordPage.tsx";
import { ResetPasswordPage } from "../account/ResetPasswordPage.tsx";
import { apiAddress } from "../api/address.ts";
import { createClient } from "../api/client.ts";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import { FindOrganisation } from "../app/FindOrganisation.tsx";
import { Starting } from "../app/Gate.tsx";
import { NotFoundPage } from "../app/NotFoundPage.tsx";
import { ProblemPage } from "../app/ProblemPage.tsx";
import { AccountDocument, type SignUpMode } from "../generated/platform.ts";
import { DoorContext } from "../session/context.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { doorTo } from "../session/door.ts";
import { SignInPage } from "../session/SignInPage.tsx";
import { ApexContext, SignUpModeContext, useApexKeeper, useSignUpMode } from "./context.ts";
import { ApexLayout } from "./ApexLayout.tsx";
import { ConfirmSignUpPage } from "./ConfirmSignUpPage.tsx";
import { EntryPage } from "./EntryPage.tsx";
import { platformEntrance, platformSession } from "./session.ts";
import { SignUpPage } from "./SignUpPage.tsx";
import { WorkspacesPage } from "./WorkspacesPage.tsx";

const SecurityPage = lazy(async () => ({ default: (await import("../account/SecurityPage.tsx")).SecurityPage }));

const OperatorConsole = lazy(async () => ({ default: (await import("../operator/Console.tsx")).Console }));
const OperatorSetupPage = lazy(async () => ({ default: (await import("../operator/SetupPage.tsx")).SetupPage }));
const TenantsPage = lazy(async () => ({ default: (await import("../operator/TenantsPage.tsx")).TenantsPage }));
const TenantPage = lazy(async () => ({ default: (await import("../operator/TenantPage.tsx")).TenantPage }));
const PlansPage = lazy(async () => ({ default: (await import("../operator/PlansPage.tsx")).PlansPage }));
const CertificatesPage = lazy(async () => ({
  default: (await import("../operator/CertificatesPage.tsx")).CertificatesPage,
}));
const FleetPage = lazy(async () => ({ default: (await import("../operator/FleetPage.tsx")).FleetPage }));
const EventsPage = lazy(async () => ({ default: (await import("../operator/EventsPage.tsx")).EventsPage }));
const OperatorEntryPage = lazy(async () => ({ default: (await import("../operator/EntryPage.tsx")).EntryPage }));

const routes: RouteObject[] = [
  {
    path: "/operator/setup",
    element: (
      <Suspense fallback={<Starting />}>
        <OperatorSetupPage />
      </Suspense>
    ),
  },
  {
    path: "/operator",
    element: (
      <Suspense fallback={<Starting />}>
        <OperatorConsole />
      </Suspense>
    ),
    children: [
      { index: true, element: <Navigate to="/operator/tenants" replace /> },
      { path: "tenants", Component: TenantsPage },
      { path: "tenants/:slug", Component: TenantPage },
      { path: "plans", Component: PlansPage },
      { path: "enter", Component: OperatorEntryPage },
      { path: "fleet", Component: FleetPage },
      { path: "deletions", Component: CertificatesPage },
      { path: "events", Component: EventsPage },
      { path: "*", element: <NotFoundPage to="/operator/tenants" label="Go to the organisations" /> },
    ],
  },
  { path: "/find", Component: FindPage },
  { path: "/forgot-password", Component: ForgotPasswordPage },
  { path: "/reset-password", Component: ResetPasswordPage },
  { path: "/sign-up", Component: SignUpPage },
  { path: "/confirm-sign-up", Component: ConfirmSignUpPage },
  {
    element: (
      <SignedInToApex>
        <ApexLayout />
      </SignedInToApex>
    ),
    children: [
      { path: "/", Component: WorkspacesPage },
      { path: "/enter", Component: EntryPage },
      { path: "/security", Component: SecurityPage },
      { path: "/sign-in", element: <Navigate to="/" replace /> },
      { path: "*", element: <NotFoundPage label="Go to your organisations" /> },
    ],
  },
];

type State = { kind: "starting" } | { kind: "refused"; problem: Problem } | { kind: "open"; signUpMode: SignUpMode };

/** The client of the apex: one signs in once and goes to any of one's organisations. */
export function Apex({ onOtherHost }: { onOtherHost: (() => void) | undefined }) {
  const address = apiAddress(window.location);
  const [keeper] = useState(platformSession);
  const [router] = useState(() => createBrowserRouter(routes));
  const [state, setState] = useState<State>({ kind: "starting" });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  const door = useMemo(
    () => doorTo(keeper, platformEntrance(address), { name: "Tenantry", slug: null, address, identityProvider: null }),
    [keeper, address],
  );

  useEffect(() => {
    let abandoned = false;
    Promise.all([request(address, AccountDocument, {}), keeper.start()]).then(
      ([{ signUpMode }]) => {
        if (!abandoned) setState({ kind: "open", signUpMode });
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

  if (state.kind === "starting") return <Starting />;
  if (state.kind === "refused") return <ProblemPage problem={state.problem} onRetry={retry} />;
  return (
    <ApexContext value={keeper}>
      <SignUpModeContext value={state.signUpMode}>
        <DoorContext value={door}>
          <RouterProvider router={router} useTransitions={false} />
        </DoorContext>
      </SignUpModeContext>
    </ApexContext>
  );
}

function SignedInToApex({ children }: { children: ReactNode }) {
  const keeper = useApexKeeper();
  const mode = useSignUpMode();
  const session = useSyncExternalStore(keeper.subscribe, keeper.current);
  const account = session?.viewer.id ?? null;
  // What one account has read is not there for the next one.
  const client = useMemo(
    () => (account === null ? null : createClient(keeper, apiAddress(window.location))),
    [account, keeper],
  );
  if (client === null) {
    return (
      <SignInPage>
        <Anchor component={Link} to="/find" size="sm" mt="lg" display="inline-block">
          Go to your organisation’s address instead
        </Anchor>
        {mode === "OPEN" && (
          <Anchor component={Link} to="/sign-up" size="sm" mt="xs" display="block">
            Set up a new organisation
          </Anchor>
        )}
      </SignInPage>
    );
  }
  return (
    <ApolloProvider client={client} key={account}>
      {children}
    </ApolloProvider>
  );
}

function FindPage() {
  return (
    <DoorFrame
      title="Find your organisation"
      subtitle="Every organisation has an address of its own. Enter yours to sign in there."
    >
      <FindOrganisation apex />
      <Anchor component={Link} to="/" size="sm" mt="lg" display="inline-block">
        Sign in to Tenantry instead
      </Anchor>
    </DoorFrame>
  );
}
