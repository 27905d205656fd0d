import { Alert, Button } from "@mantine/core";
import { use, useState } from "react";
import { apexAddress } from "../session/entry.ts";
import { DoorContext, useKeeper, useViewer } from "../session/context.ts";
import { formatInstant } from "../ui/format.ts";
import { AlertIcon } from "../ui/icons.tsx";

/** Says on every page, to an operator who was let in, where one is, by whose leave, until when, and how to leave. */
export function SupportBanner() {
  const { name, support } = useViewer();
  const keeper = useKeeper();
  const slug = use(DoorContext)?.slug ?? null;
  const [leaving, setLeaving] = useState(false);
  if (support === null) return null;
  const leave = async () => {
    setLeaving(true);
    // Out of here in any case; on the server the visit ends by itself at the latest.
    await keeper.signOut().catch(() => undefined);
    const apex = apexAddress(slug, window.location);
    if (apex !== null) window.location.assign(`${apex}/operator/tenants/${slug ?? ""}`);
  };
  return (
    <Alert
      color="red"
      variant="light"
      icon={<AlertIcon />}
      title={`Support access until ${formatInstant(support.expiresAt)}`}
      role="status"
      className="support-banner"
      mb="lg"
    >
      <p>
        <bdi>{name}</bdi> is here by leave of <bdi>{support.consentedBy}</bdi>, to look; nothing can be changed. The
        organisation’s owners see that the visit was made. The reason: <bdi>{support.reason}</bdi>
      </p>
      <Button size="xs" variant="default" loading={leaving} onClick={() => void leave()}>
        Leave
      </Button>
    </Alert>
  );
}
