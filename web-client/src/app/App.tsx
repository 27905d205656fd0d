import { lazy, useState } from "react";
import { createBrowserRouter, Navigate, type RouteObject, RouterProvider } from "react-router";
import { ForgotPasswordPage } from "../account/ForgotPasswordPage.tsx";
import { ResetPasswordPage } from "../account/ResetPasswordPage.tsx";
import { DirectoryPage } from "../directory/DirectoryPage.tsx";
import { EnterPage } from "../session/EnterPage.tsx";
import { InvitationPage } from "../session/InvitationPage.tsx";
import { Layout } from "./Layout.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";
import { SignedIn } from "./SignedIn.tsx";

const EmployeePage = lazy(async () => ({ default: (await import("../employee/EmployeePage.tsx")).EmployeePage }));
const EditPage = lazy(async () => ({ default: (await import("../employee/EditPage.tsx")).EditPage }));
const HirePage = lazy(async () => ({ default: (await import("../employee/HirePage.tsx")).HirePage }));
const DepartmentsPage = lazy(async () => ({
  default: (await import("../organisation/DepartmentsPage.tsx")).DepartmentsPage,
}));
const PositionsPage = lazy(async () => ({
  default: (await import("../organisation/PositionsPage.tsx")).PositionsPage,
}));
const LocationsPage = lazy(async () => ({
  default: (await import("../organisation/LocationsPage.tsx")).LocationsPage,
}));
const SecurityPage = lazy(async () => ({ default: (await import("../account/SecurityPage.tsx")).SecurityPage }));
const MembersPage = lazy(async () => ({ default: (await import("../members/MembersPage.tsx")).MembersPage }));
const ApiKeysPage = lazy(async () => ({ default: (await import("../settings/ApiKeysPage.tsx")).ApiKeysPage }));
const DomainsPage = lazy(async () => ({ default: (await import("../settings/DomainsPage.tsx")).DomainsPage }));
const SignInSettingsPage = lazy(async () => ({
  default: (await import("../settings/SignInSettingsPage.tsx")).SignInSettingsPage,
}));
const OrganisationPage = lazy(async () => ({
  default: (await import("../settings/OrganisationPage.tsx")).OrganisationPage,
}));
const SupportPage = lazy(async () => ({ default: (await import("../settings/SupportPage.tsx")).SupportPage }));

const routes: RouteObject[] = [
  // For whoever comes by a link, signed in or not.
  { path: "/enter", Component: EnterPage },
  { path: "/invitation", Component: InvitationPage },
  { path: "/forgot-password", Component: ForgotPasswordPage },
  { path: "/reset-password", Component: ResetPasswordPage },
  {
    element: (
      <SignedIn>
        <Layout />
      </SignedIn>
    ),
    children: [
      { path: "/", Component: DirectoryPage },
      { path: "/employees/new", Component: HirePage },
      { path: "/employees/:id", Component: EmployeePage },
      { path: "/employees/:id/edit", Component: EditPage },
      { path: "/departments", Component: DepartmentsPage },
      { path: "/positions", Component: PositionsPage },
      { path: "/locations", Component: LocationsPage },
      { path: "/members", Component: MembersPage },
      { path: "/security", Component: SecurityPage },
      { path: "/settings/api-keys", Component: ApiKeysPage },
      { path: "/settings/sign-in", Component: SignInSettingsPage },
      { path: "/settings/addresses", Component: DomainsPage },
      { path: "/settings/organisation", Component: OrganisationPage },
      { path: "/settings/support", Component: SupportPage },
      // Where a way in that did not succeed ends; whoever is signed in has found another.
      { path: "/sign-in", element: <Navigate to="/" replace /> },
      { path: "*", Component: NotFoundPage },
    ],
  },
];

/**
 * The pages of an organisation's host and their addresses.
 *
 * A change of the address is no transition: while React prepared the next page beside the present one, a query would
 * follow both in turn and be sent again with the variables of the page that is being left.
 */
export function App() {
  const [router] = useState(() => createBrowserRouter(routes));
  return <RouterProvider router={router} useTransitions={false} />;
}
