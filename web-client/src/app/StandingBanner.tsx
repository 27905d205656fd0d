import { useQuery } from "@apollo/client/react";
import { Alert, Anchor } from "@mantine/core";
import { TenantStandingDocument, type TenantStandingQuery } from "../generated/graphql.ts";
import { formatDay, formatLastDay } from "../ui/format.ts";
import { AlertIcon } from "../ui/icons.tsx";

type Standing = NonNullable<TenantStandingQuery["tenant"]["standing"]>;

/** How often it is asked what holds, in milliseconds: a date comes without anybody changing anything. */
const pause = 5 * 60_000;

/** Says on every page that the organisation's time runs out, or that nothing can be changed in it. */
export function StandingBanner() {
  const { data } = useQuery(TenantStandingDocument, { pollInterval: pause });
  const standing = data?.tenant.standing ?? null;
  if (standing === null || (standing.state !== "WARNED" && standing.state !== "READ_ONLY")) return null;
  return (
    <Alert
      color={standing.state === "READ_ONLY" ? "red" : "yellow"}
      variant="light"
      icon={<AlertIcon />}
      title={titleOf(standing)}
      role="status"
      mb="lg"
    >
      {sentences(standing).join(" ")} <Contact address={standing.billingContact} />
    </Alert>
  );
}

function titleOf({ state, isTrial, dueAt }: Standing): string {
  if (state === "READ_ONLY") return "Nothing can be changed in this organisation";
  const what = isTrial ? "The trial" : "The time that was paid for";
  if (dueAt === null) return `${what} ends soon`;
  return `${what} ${Date.parse(dueAt) > Date.now() ? "ends" : "ended"} on ${formatLastDay(dueAt)}`;
}

function sentences({ state, readOnlyFrom, suspendedFrom }: Standing): string[] {
  const lines = [];
  if (state === "WARNED" && readOnlyFrom !== null) {
    lines.push(`From ${formatDay(readOnlyFrom)} on nothing can be changed here.`);
  }
  if (state === "READ_ONLY") lines.push("What is there can be read.");
  if (suspendedFrom !== null) lines.push(`From ${formatDay(suspendedFrom)} on nobody can use it; its data is kept.`);
  return lines;
}

/** Where to pay, unless it is labelled otherwise: an address of the web, or of mail. */
export function Contact(props: { address: string | null; label?: string }) {
  const { address, label = "To pay, or to ask about it" } = props;
  if (address === null) return null;
  const href = /^https?:\/\//.test(address) ? address : address.includes("@") ? `mailto:${address}` : null;
  return (
    <>
      {label}:{" "}
      {href === null ? (
        address
      ) : (
        <Anchor href={href} inherit c="inherit" td="underline">
          {address}
        </Anchor>
      )}
    </>
  );
}
