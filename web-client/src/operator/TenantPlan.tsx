import { skipToken, useMutation, useQuery } from "@apollo/client/react";
import { Button, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  type Feature,
  OperatorPlansDocument,
  type OwnQuota,
  type Quota,
  SetTenantPlanDocument,
  type TenantPlanFieldsFragment,
} from "../generated/operator.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { Table } from "../ui/Table.tsx";
import { Section } from "./Section.tsx";
import { useMayChange } from "./session.ts";
import { amountWanted, features, formatQuota, quotas, readAmount, typedAmount } from "./text.ts";

interface Props {
  tenant: { id: string; name: string };
  plan: TenantPlanFieldsFragment;
  /** Called when something has changed. */
  onDone: () => void;
}

/** What an organisation may use, who has set that, and what it uses. */
export function TenantPlan(props: Props) {
  const { plan } = props;
  const mayChange = useMayChange();
  const [changing, setChanging] = useState(false);
  // So that they are there when the dialog opens, and the focus finds its first input.
  useQuery(OperatorPlansDocument, mayChange ? {} : skipToken);
  const setBy = (isOwn: boolean) => (isOwn ? "an operator" : plan.planId === null ? "–" : "the plan");
  return (
    <Section
      title="Plan"
      actions={
        mayChange ? (
          <Button variant="default" size="xs" onClick={() => setChanging(true)}>
            Change the plan
          </Button>
        ) : undefined
      }
    >
      <Text size="sm" mb="sm">
        {plan.planId === null ? (
          "No plan: no limits but those below."
        ) : (
          <>
            <bdi>{plan.name}</bdi> ({plan.planId})
          </>
        )}
      </Text>
      <Table columns={{ What: "", Used: "number", "May use": "number", "Set by": "only-wide" }}>
        {plan.quotas.map(({ quota, limit, used, isOwn }) => (
          <tr key={quota}>
            <th scope="row">{quotas[quota]}</th>
            <td className="number">{used === null ? "not measured" : formatQuota(quota, used)}</td>
            <td className="number">{limit === null ? "any number" : formatQuota(quota, limit)}</td>
            <td className="only-wide">{setBy(isOwn)}</td>
          </tr>
        ))}
        {plan.features.map(({ feature, isOn, isOwn }) => (
          <tr key={feature}>
            <th scope="row">{features[feature]}</th>
            <td className="number">–</td>
            <td className="number">{isOn ? "on" : "off"}</td>
            <td className="only-wide">{setBy(isOwn)}</td>
          </tr>
        ))}
      </Table>
      {changing && (
        <Dialog title={`Plan of ${props.tenant.name}`} onClose={() => setChanging(false)}>
          {(close) => <WithPlans {...props} close={close} />}
        </Dialog>
      )}
    </Section>
  );
}

function WithPlans(props: Props & { close: Close }) {
  const { data, error, refetch } = useQuery(OperatorPlansDocument, { fetchPolicy: "cache-and-network" });
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows rows={3} />;
  return <PlanForm {...props} plans={data.plans} />;
}

const kinds: readonly { value: OwnQuota; label: string }[] = [
  { value: "AS_PLANNED", label: "As the plan says" },
  { value: "UNLIMITED", label: "Any number" },
  { value: "AT_MOST", label: "At most…" },
];

const switches = [
  { value: "AS_PLANNED", label: "As the plan says" },
  { value: "ON", label: "On" },
  { value: "OFF", label: "Off" },
] as const;

type Switch = (typeof switches)[number]["value"];

/** What is set of each quota and feature, by its name. */
interface Values {
  planId: string;
  own: Record<Quota, OwnQuota>;
  limits: Record<Quota, string>;
  features: Record<Feature, Switch>;
}

/** What the form shows of a plan at first. */
function initialValues(plan: TenantPlanFieldsFragment): Values {
  const own = (quota: TenantPlanFieldsFragment["quotas"][number]): OwnQuota =>
    !quota.isOwn ? "AS_PLANNED" : quota.limit === null ? "UNLIMITED" : "AT_MOST";
  const limit = ({ quota, limit, isOwn }: TenantPlanFieldsFragment["quotas"][number]) =>
    isOwn && limit !== null ? typedAmount(quota, limit) : "";
  return {
    planId: plan.planId ?? "",
    own: Object.fromEntries(plan.quotas.map((quota) => [quota.quota, own(quota)])) as Values["own"],
    limits: Object.fromEntries(plan.quotas.map((quota) => [quota.quota, limit(quota)])) as Values["limits"],
    features: Object.fromEntries(
      plan.features.map(({ feature, isOn, isOwn }) => [feature, !isOwn ? "AS_PLANNED" : isOn ? "ON" : "OFF"]),
    ) as Values["features"],
  };
}

function PlanForm(props: Props & { close: Close; plans: readonly { id: string; name: string }[] }) {
  const { tenant, plan, plans, close, onDone } = props;
  const [set] = useMutation(SetTenantPlanDocument);
  const check = (quota: Quota) => (value: string, values: Values) =>
    values.own[quota] !== "AT_MOST" || readAmount(quota, value) !== null ? null : `${amountWanted(quota)}.`;
  const form = useForm<Values>({
    initialValues: initialValues(plan),
    validate: {
      limits: {
        SEATS: check("SEATS"),
        STORAGE_BYTES: check("STORAGE_BYTES"),
        REQUESTS_PER_DAY: check("REQUESTS_PER_DAY"),
      },
    },
  });
  const submission = useSubmission(form, async ({ planId, own, limits, features }) => {
    // What was not touched is left out, and stays as it is by now: somebody else may have changed it.
    const input = {
      id: tenant.id,
      ...(form.isDirty("planId") && { planId: planId === "" ? null : planId }),
      quotas: plan.quotas
        .filter(({ quota }) => form.isDirty(`own.${quota}`) || form.isDirty(`limits.${quota}`))
        .map(({ quota }) => ({
          quota,
          own: own[quota],
          limit: own[quota] === "AT_MOST" ? readAmount(quota, limits[quota]) : null,
        })),
      features: plan.features
        .filter(({ feature }) => form.isDirty(`features.${feature}`))
        .map(({ feature }) => ({
          feature,
          isOn: features[feature] === "AS_PLANNED" ? null : features[feature] === "ON",
        })),
    };
    await set({ variables: { input } });
    announceDone("The plan has been changed.");
    close();
    onDone();
  });
  return (
    <Form submission={submission} submitLabel="Save" label="Plan" onCancel={() => close()}>
      <Stack>
        <NativeSelect
          label="Plan"
          data={[{ value: "", label: "No plan" }, ...plans.map(({ id, name }) => ({ value: id, label: name }))]}
          data-autofocus
          {...form.getInputProps("planId")}
        />
        {plan.quotas.map(({ quota }) => (
          <fieldset key={quota} className="group">
            <legend className="label-legend">{quotas[quota]}</legend>
            <Stack gap="xs">
              <NativeSelect
                aria-label={`${quotas[quota]}: how much`}
                data={[...kinds]}
                {...form.getInputProps(`own.${quota}`)}
              />
              {form.values.own[quota] === "AT_MOST" && (
                <TextInput
                  aria-label={`${quotas[quota]}: at most`}
                  placeholder={quota === "STORAGE_BYTES" ? "2 GB" : "50"}
                  {...form.getInputProps(`limits.${quota}`)}
                />
              )}
            </Stack>
          </fieldset>
        ))}
        {plan.features.map(({ feature }) => (
          <NativeSelect
            key={feature}
            label={features[feature]}
            data={[...switches]}
            {...form.getInputProps(`features.${feature}`)}
          />
        ))}
      </Stack>
    </Form>
  );
}
