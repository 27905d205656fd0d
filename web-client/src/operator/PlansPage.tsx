import { useMutation, useQuery } from "@apollo/client/react";
import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  DeletePlanDocument,
  OperatorPlansDocument,
  type PlanFieldsFragment,
  type Quota,
} from "../generated/operator.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { RowMenu } from "../organisation/RowMenu.tsx";
import { PlusIcon } from "../ui/icons.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { Table } from "../ui/Table.tsx";
import { PlanDialog } from "./PlanDialog.tsx";
import { useMayChange } from "./session.ts";
import { features, formatQuota, quotas } from "./text.ts";

type Plan = PlanFieldsFragment;

/** The plans that are offered. */
export function PlansPage() {
  const { data, error, refetch } = useQuery(OperatorPlansDocument, { fetchPolicy: "cache-and-network" });
  const [editing, setEditing] = useState<Plan | "new" | null>(null);
  const [removing, setRemoving] = useState<Plan | null>(null);
  const [remove] = useMutation(DeletePlanDocument, {
    refetchQueries: [OperatorPlansDocument],
    awaitRefetchQueries: true,
  });
  const mayChange = useMayChange();
  return (
    <Page
      title="Plans"
      subtitle="What organisations may use. Without a plan they may use everything"
      actions={
        mayChange ? (
          <Button leftSection={<PlusIcon />} onClick={() => setEditing("new")}>
            New plan
          </Button>
        ) : undefined
      }
    >
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : data === undefined ? (
        <LoadingRows rows={4} />
      ) : data.plans.length === 0 ? (
        <Empty title="There are no plans yet" />
      ) : (
        <PlanTable plans={data.plans} {...(mayChange ? { onChange: setEditing, onRemove: setRemoving } : {})} />
      )}
      {editing !== null && <PlanDialog plan={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      {removing !== null && (
        <ConfirmDialog
          title={`Remove ${removing.name}`}
          submitLabel="Remove"
          done="The plan has been removed."
          onSend={() => remove({ variables: { id: removing.id } })}
          onClose={() => setRemoving(null)}
        >
          The plan <bdi>{removing.name}</bdi> is offered no longer. A plan that an organisation has cannot be removed.
        </ConfirmDialog>
      )}
    </Page>
  );
}

/** How much there is of a quota in a plan, in words. */
function limit(quota: Quota, plan: Plan): string {
  const amounts = { SEATS: plan.seats, STORAGE_BYTES: plan.storageBytes, REQUESTS_PER_DAY: plan.requestsPerDay };
  const amount = amounts[quota];
  return amount === null ? "any number" : formatQuota(quota, amount);
}

function PlanTable(props: {
  plans: readonly Plan[];
  onChange?: (plan: Plan) => void;
  onRemove?: (plan: Plan) => void;
}) {
  const { onChange, onRemove } = props;
  return (
    <Table
      columns={{
        Plan: "",
        Seats: "number only-wide",
        Storage: "number only-wide",
        "Requests a day": "number only-wide",
        Features: "only-wide",
        Organisations: "number",
        ...(onChange !== undefined ? { Actions: "number" } : {}),
      }}
    >
      {props.plans.map((plan) => (
        <tr key={plan.id}>
          <th scope="row">
            <Text size="sm" fw={600} component="div">
              <bdi>{plan.name}</bdi>
            </Text>
            <Text size="xs" c="dimmed">
              {plan.id}
              {plan.forNewTenants && " · new organisations get it"}
            </Text>
            <Text size="xs" c="dimmed" className="only-narrow">
              {(["SEATS", "STORAGE_BYTES", "REQUESTS_PER_DAY"] as const)
                .map((quota) => `${quotas[quota]}: ${limit(quota, plan)}`)
                .join(" · ")}
            </Text>
          </th>
          <td className="number only-wide">{limit("SEATS", plan)}</td>
          <td className="number only-wide">{limit("STORAGE_BYTES", plan)}</td>
          <td className="number only-wide">{limit("REQUESTS_PER_DAY", plan)}</td>
          <td className="only-wide">{plan.features.map((feature) => features[feature]).join(", ") || "–"}</td>
          <td className="number">{plan.tenantCount}</td>
          {onChange !== undefined && (
            <td className="number">
              <RowMenu
                name={plan.name}
                items={[
                  { label: "Change", onClick: () => onChange(plan) },
                  { label: "Remove", danger: true, onClick: () => onRemove?.(plan) },
                ]}
              />
            </td>
          )}
        </tr>
      ))}
    </Table>
  );
}
