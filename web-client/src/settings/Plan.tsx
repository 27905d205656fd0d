import { useQuery } from "@apollo/client/react";
import { List, Progress, Stack, Text } from "@mantine/core";
import { readProblem } from "../api/read-problem.ts";
import { type Feature, type Quota, TenantPlanDocument, type TenantPlanQuery } from "../generated/graphql.ts";
import { formatBytes, formatNumber } from "../ui/format.ts";
import { ErrorState, LoadingRows } from "../ui/states.tsx";

type QuotaUse = NonNullable<NonNullable<TenantPlanQuery["tenant"]["plan"]>["quotas"]>[number];

const quotaNames: Readonly<Record<Quota, string>> = {
  SEATS: "Members and open invitations",
  STORAGE_BYTES: "Storage",
  REQUESTS_PER_DAY: "Requests today (UTC)",
};

/** What it means when a quota is used up. */
const consequences: Readonly<Record<Quota, string>> = {
  SEATS: "Without a free seat nobody can be added.",
  STORAGE_BYTES: "Without room nothing can be added; what is there can be read, changed and deleted.",
  REQUESTS_PER_DAY: "Without any left, requests are refused until midnight, UTC.",
};

/** The features by their names for people, in the order of the list. */
export const featureNames: Readonly<Record<Feature, string>> = {
  CUSTOM_DOMAINS: "Addresses of your own",
  IDENTITY_PROVIDER: "Identity provider of your own",
  API_KEYS: "API keys",
};

/** What the organisation may use, and what it uses. */
export function Plan() {
  const { data, error, refetch } = useQuery(TenantPlanDocument, { fetchPolicy: "cache-and-network" });
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows />;
  const { plan } = data.tenant;
  if (plan === null) return null;
  return (
    <Stack gap="sm">
      <Text size="sm">{plan.name === null ? "No plan: there are no limits." : <bdi>{plan.name}</bdi>}</Text>
      {plan.quotas?.map((quota) => (
        <Use key={quota.quota} use={quota} />
      ))}
      <List size="sm">
        {(Object.keys(featureNames) as Feature[]).map((feature) => (
          <List.Item key={feature} {...(plan.features.includes(feature) ? {} : { c: "dimmed" })}>
            {featureNames[feature]}
            {!plan.features.includes(feature) && " (not in your plan)"}
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}

function Use({ use: { quota, limit, used } }: { use: QuotaUse }) {
  const format = quota === "STORAGE_BYTES" ? formatBytes : formatNumber;
  const name = quotaNames[quota];
  const amount = used === null ? "not measured yet" : format(used);
  // From here on owners have been told by mail.
  const isNearlyUsedUp = limit !== null && used !== null && used > 0 && used >= 0.8 * limit;
  return (
    <div>
      <Text size="sm">
        {name}: {limit === null ? amount : `${amount} of ${format(limit)}`}
      </Text>
      {isNearlyUsedUp && (
        <Text size="xs" c="dimmed">
          {used >= limit ? "Used up." : "Nearly used up."} {consequences[quota]}
        </Text>
      )}
      {limit !== null && used !== null && (
        <Progress
          value={limit === 0 ? 100 : Math.min(100, (used / limit) * 100)}
          color={used >= limit ? "red" : "indigo"}
          aria-label={name}
        />
      )}
    </div>
  );
}
