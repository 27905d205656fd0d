import { Anchor, Text } from "@mantine/core";
import { apexAddress } from "../session/entry.ts";
import { useDoor } from "../session/context.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";

/** For an operator who was let in, and is not any more. */
export function VisitEnded() {
  const { name, slug } = useDoor();
  const apex = apexAddress(slug, window.location);
  return (
    <DoorFrame title="The support access has ended">
      <Text size="sm">
        You cannot look into <bdi>{name}</bdi> any more.
      </Text>
      {apex !== null && slug !== null && (
        <Anchor href={`${apex}/operator/tenants/${slug}`} size="sm" mt="lg" display="inline-block">
          Back to the console
        </Anchor>
      )}
    </DoorFrame>
  );
}
