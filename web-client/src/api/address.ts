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

/**
 * The host that organisations' addresses end in, as far as a hostname can tell: `acme.localhost` and `localhost` give
 * `localhost`, `acme.example.com` and `example.com` give `example.com`.
 */
export function baseDomain(hostname: string): string {
  const labels = hostname.split(".");
  const own = labels.at(-1) === "localhost" ? 1 : 2;
  return labels.length > own ? labels.slice(1).join(".") : hostname;
}

/** Whether the host is an address that organisations' addresses end in, and not itself one of an organisation. */
export function isApex(hostname: string): boolean {
  return baseDomain(hostname) === hostname;
}

/**
 * Where the organisation that a person named is found: by the first label of its address (`acme`), its whole address
 * (`acme.example.com`) or the address copied from a browser. Null where that is no possible address.
 */
export function organisationAddress(entered: string, place: Place): string | null {
  const host = entered
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/[/?#].*$/, "")
    .replace(/:\d*$/, "")
    .replace(/\.$/, "");
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(host)) return null;
  const full = host.includes(".") ? host : `${host}.${baseDomain(place.hostname)}`;
  const port = place.port === "" ? "" : `:${place.port}`;
  return `${place.protocol}//${full}${port}/`;
}
