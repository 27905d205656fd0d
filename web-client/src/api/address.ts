/** The part of `window.location` that decides where the API is. */
export type Place = Pick<Location, "protocol" | "hostname" | "port">;

const developmentPort = "5173";
const serverPort = "8000";

/**
 * The address of the GraphQL API, which depends on the host alone: a tenant is named by its hostname.
 *
 * The server that serves this client serves the API too, at the same origin. Vite's development server does not; there
 * the API is the server that runs on the same host.
 */
export function apiAddress(place: Place): string {
  if (place.port !== developmentPort) return "/graphql";
  return `${place.protocol}//${place.hostname}:${serverPort}/graphql`;
}

/** The address of the API of operators, which is on the apex alone. */
export function operatorApiAddress(place: Place): string {
  return apiAddress(place).replace(/\/graphql$/, "/operator/graphql");
}

/** Where the API tells what changes: the same address, by WebSocket. */
export function liveAddress(place: Place & Pick<Location, "host">): string {
  const scheme = place.protocol === "https:" ? "wss:" : "ws:";
  const host = place.port === developmentPort ? `${place.hostname}:${serverPort}` : place.host;
  return `${scheme}//${host}/graphql`;
}

/**
 * Whether the host looks like the address that organisations' addresses end in: `localhost` and `example.com` do. The
 * API decides; this only says which of its two schemas to ask first.
 */
export function looksLikeApex(place: Pick<Place, "hostname">): boolean {
  const labels = place.hostname.split(".");
  return labels.length <= (labels.at(-1) === "localhost" ? 1 : 2);
}

/**
 * Whether the place is the address that organisations' addresses end in, and not itself one of an organisation, once the
 * API has said that no organisation is there.
 *
 * The server answers a page on a host that it does not know with 404 and on the apex with 200; `pageStatus` is that
 * status, or 0 where the browser does not tell. Then, and in development, where Vite serves the page on any host, the
 * number of labels must do: `localhost` and `example.com` are such an address.
 */
export function isApex(place: Place, pageStatus: number): boolean {
  if (pageStatus !== 0 && place.port !== developmentPort) return pageStatus < 400;
  return looksLikeApex(place);
}

/** What organisations' addresses end in: the apex itself, or the host of an organisation without its first label. */
export function baseDomain(place: Place, apex: boolean): string {
  return apex ? place.hostname : place.hostname.split(".").slice(1).join(".");
}

/**
 * Where the organisation that a person named is found: by the first label of its address (`acme`), its whole address
 * (`acme.example.com`) or the address copied from a browser. Null where that is no possible address.
 */
export function organisationAddress(entered: string, place: Place, apex: boolean): string | null {
  const host = entered
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/[/?#].*$/, "")
    .replace(/:\d*$/, "")
    .replace(/\.$/, "");
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(host)) return null;
  const full = host.includes(".") ? host : `${host}.${baseDomain(place, apex)}`;
  const port = place.port === "" ? "" : `:${place.port}`;
  return `${place.protocol}//${full}${port}/`;
}
