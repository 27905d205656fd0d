import { Badge } from "@mantine/core";
import type { TenantState } from "../generated/operator.ts";
import { stateColors, states } from "./text.ts";

/** The state of an organisation, in words and in a colour. */
export function StateBadge({ state }: { state: TenantState }) {
  return (
    <Badge color={stateColors[state]} variant="light" c="inherit" miw="max-content">
      {states[state]}
    </Badge>
  );
}
