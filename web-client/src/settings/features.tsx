import { useQuery } from "@apollo/client/react";
import { Text } from "@mantine/core";
import { Contact } from "../app/StandingBanner.tsx";
import { type Feature, TenantStandingDocument } from "../generated/graphql.ts";

/** Whether the organisation's plan has a feature; until that is known, as if it had. */
export function useIsIncluded(feature: Feature): boolean {
  const features = useQuery(TenantStandingDocument).data?.tenant.plan?.features;
  return features === undefined || features.includes(feature);
}

/** Stands where more could be added if the plan had it; to owners it says whom to ask. */
export function NotInPlan({ children }: { children: string }) {
  const contact = useQuery(TenantStandingDocument).data?.tenant.standing?.billingContact ?? null;
  return (
    <Text size="sm" c="dimmed">
      {children} <Contact address={contact} label="To have more, ask" />
    </Text>
  );
}
