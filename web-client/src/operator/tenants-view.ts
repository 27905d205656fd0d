import type { TenantOrder, TenantState } from "../generated/operator.ts";
import { states } from "./text.ts";

/** Orders of the organisations, in words. */
export const orders: Readonly<Record<TenantOrder, string>> = {
  SLUG: "Address",
  NAME: "Name",
  NEWEST: "Newest first",
};

/** What the list of organisations shows: all of it comes from the address, so a link or the back button restores it. */
export interface TenantsView {
  search: string;
  state: TenantState | "";
  order: TenantOrder;
}

/** Reads a view from the address; anything it does not know counts as not given. */
export function readTenantsView(parameters: URLSearchParams): TenantsView {
  const code = (name: string) => (parameters.get(name) ?? "").toUpperCase();
  const state = code("state");
  const order = code("order");
  return {
    search: parameters.get("q") ?? "",
    state: Object.hasOwn(states, state) ? (state as TenantState) : "",
    order: Object.hasOwn(orders, order) ? (order as TenantOrder) : "SLUG",
  };
}

/** The shortest address of a view: what is as usual is left out. */
export function writeTenantsView(view: TenantsView): URLSearchParams {
  const parameters = new URLSearchParams();
  if (view.search !== "") parameters.set("q", view.search);
  if (view.state !== "") parameters.set("state", view.state.toLowerCase());
  if (view.order !== "SLUG") parameters.set("order", view.order.toLowerCase());
  return parameters;
}
