import { lazy } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";
import { DirectoryPage } from "../directory/DirectoryPage.tsx";
import { Layout } from "./Layout.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";

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

const router = createBrowserRouter([
  {
    Component: Layout,
    children: [
      { path: "/", Component: DirectoryPage },
      { path: "/employees/new", Component: HirePage },
      { path: "/employees/:id", Component: EmployeePage },
      { path: "/employees/:id/edit", Component: EditPage },
      { path: "/departments", Component: DepartmentsPage },
      { path: "/positions", Component: PositionsPage },
      { path: "/locations", Component: LocationsPage },
      { path: "*", Component: NotFoundPage },
    ],
  },
]);

/**
 * The pages and their addresses.
 *
 * A change of the address is no transition: while React prepared the next page beside the present one, a query would
 * follow both in turn and be sent again with the variables of the page that is being left.
 */
export function App() {
  return <RouterProvider router={router} useTransitions={false} />;
}
