import { skipToken, useQuery } from "@apollo/client/react";
import { Alert, Anchor } from "@mantine/core";
import { Link, useLocation } from "react-router";
import { SupportGrantsDocument } from "../generated/graphql.ts";
import { useViewer } from "../session/context.ts";
import { formatInstant } from "../ui/format.ts";
import { AlertIcon } from "../ui/icons.tsx";
import { isOutOfSight } from "../ui/polling.ts";

/** How often it is asked whether somebody waits, in milliseconds: nobody tells this page of it. */
const pause = 60_000;

const page = "/settings/support";

/** Tells owners on every page that an operator asks to look in, or may. */
export function SupportNotice() {
  const { manageTenant } = useViewer().permissions;
  const { pathname } = useLocation();
  const { data } = useQuery(
    SupportGrantsDocument,
    manageTenant ? { pollInterval: pause, skipPollAttempt: isOutOfSight } : skipToken,
  );
  // Its own page says it in full.
  if (!manageTenant || pathname === page) return null;
  const grants = data?.supportGrants ?? [];
  const asked = grants.find(({ state }) => state === "ASKED");
  const open = grants.find(({ state }) => state === "OPEN");
  const grant = asked ?? open;
  if (grant === undefined) return null;
  return (
    <Alert color={asked === undefined ? "gray" : "yellow"} variant="light" icon={<AlertIcon />} role="status" mb="lg">
      <bdi>{grant.operatorName}</bdi>, an operator of this service,{" "}
      {asked !== undefined ? "asks to look in here" : "may look in here"}
      {asked === undefined && grant.expiresAt !== null && ` until ${formatInstant(grant.expiresAt)}`}.{" "}
      <Anchor component={Link} to={page} inherit c="inherit" td="underline">
        Support access
      </Anchor>
    </Alert>
  );
}
