import { useMutation, useQuery } from "@apollo/client/react";
import { Anchor, Button, NativeSelect, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { SearchField } from "../directory/SearchField.tsx";
import {
  CreateTenantDocument,
  OperatorPlansDocument,
  OperatorTenantsDocument,
  type TenantRowFragment,
} from "../generated/operator.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { formatBytes, formatInstant } from "../ui/format.ts";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { Table } from "../ui/Table.tsx";
import { useMayChange } from "./session.ts";
import { StateBadge } from "./StateBadge.tsx";
import { orders, readTenantsView, type TenantsView, writeTenantsView } from "./tenants-view.ts";
import { states } from "./text.ts";

/** The organisations on the platform. */
export function TenantsPage() {
  const [parameters, setParameters] = useSearchParams();
  const view = readTenantsView(parameters);
  const [creating, setCreating] = useState(false);
  const variables = {
    first: 50,
    search: view.search === "" ? null : view.search,
    state: view.state === "" ? null : view.state,
    orderBy: view.order,
  };
  const { data, error, refetch, fetchMore } = useQuery(OperatorTenantsDocument, {
    variables,
    fetchPolicy: "cache-and-network",
  });
  const mayChange = useMayChange();
  // While typing, a change takes no entry of its own in the history.
  const change = (changes: Partial<TenantsView>, replace = false) =>
    setParameters(writeTenantsView({ ...view, ...changes }), { replace });
  return (
    <Page
      title="Organisations"
      actions={mayChange ? <Button onClick={() => setCreating(true)}>New organisation</Button> : undefined}
    >
      <Filters view={view} onChange={change} />
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : data === undefined ? (
        <LoadingRows />
      ) : data.tenants.nodes.length === 0 && !data.tenants.pageInfo.hasNextPage ? (
        <Empty title="There is no such organisation" />
      ) : (
        <>
          <TenantTable tenants={data.tenants.nodes} />
          <MoreButton
            pageInfo={data.tenants.pageInfo}
            onMore={(after) =>
              fetchMore({
                variables: { after },
                updateQuery: (before, { fetchMoreResult }) => ({
                  ...before,
                  tenants: joined(before.tenants, fetchMoreResult.tenants),
                }),
              })
            }
          />
        </>
      )}
      {creating && <CreateDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

function Filters(props: { view: TenantsView; onChange: (changes: Partial<TenantsView>, replace?: boolean) => void }) {
  const { view, onChange } = props;
  const options = (labels: Readonly<Record<string, string>>) =>
    Object.entries(labels).map(([value, label]) => ({ value, label }));
  return (
    <search className="filters" aria-label="Organisations">
      <SearchField
        search={view.search}
        placeholder="Address, name or host"
        maxLength={100}
        onChange={(search) => onChange({ search }, true)}
      />
      <NativeSelect
        label="State"
        value={view.state}
        data={[{ value: "", label: "All" }, ...options(states)]}
        onChange={(event) => onChange({ state: event.currentTarget.value as TenantsView["state"] })}
      />
      <NativeSelect
        label="Order"
        value={view.order}
        data={options(orders)}
        onChange={(event) => onChange({ order: event.currentTarget.value as TenantsView["order"] })}
      />
    </search>
  );
}

function TenantTable({ tenants }: { tenants: readonly TenantRowFragment[] }) {
  return (
    <Table
      columns={{
        Organisation: "",
        State: "",
        Plan: "only-wide",
        Version: "only-wide",
        Size: "number only-wide",
        Members: "number only-wide",
        "Last activity": "only-wide",
      }}
    >
      {tenants.map((tenant) => (
        <tr key={tenant.id}>
          <th scope="row">
            <Anchor component={Link} to={`/operator/tenants/${tenant.slug}`} size="sm" fw={600} dir="auto">
              {tenant.name}
            </Anchor>
            <Text size="xs" c="dimmed">
              {tenant.slug}
            </Text>
          </th>
          <td>
            <StateBadge state={tenant.state} />
          </td>
          <td className="only-wide">{tenant.planId ?? "–"}</td>
          <td className="only-wide">
            {tenant.isBehind ? (tenant.schemaVersion ?? "none") : "Current"}
            {tenant.lastMigrationFailure !== null ? (
              <Text size="xs">Failed: {tenant.lastMigrationFailure.message ?? tenant.lastMigrationFailure.code}</Text>
            ) : (
              tenant.isBehind && <Text size="xs">Behind</Text>
            )}
          </td>
          <td className="number only-wide">{formatBytes(tenant.sizeBytes)}</td>
          <td className="number only-wide">{tenant.memberCount}</td>
          <td className="only-wide">{tenant.lastActivityAt === null ? "–" : formatInstant(tenant.lastActivityAt)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** What stands for no plan, and for that of new organisations; no plan can have these ids. */
const noPlan = "none";
const usualPlan = "";

function CreateDialog({ onClose }: { onClose: () => void }) {
  const [create] = useMutation(CreateTenantDocument);
  // Where these cannot be read, the organisation gets the plan of new ones all the same.
  const plans = useQuery(OperatorPlansDocument, { fetchPolicy: "cache-and-network" }).data?.plans ?? [];
  const usual = plans.find(({ forNewTenants }) => forNewTenants)?.name ?? "none";
  const navigate = useNavigate();
  const required = (what: string) => (value: string) => (value.trim() === "" ? what : null);
  const form = useForm({
    initialValues: { name: "", slug: "", ownerEmail: "", planId: usualPlan },
    validate: {
      name: required("Enter a name."),
      slug: required("Enter an address."),
      ownerEmail: required("Enter the owner’s e-mail address."),
    },
  });
  const submission = useSubmission(form, async ({ planId, ...rest }) => {
    const plan = planId === usualPlan ? {} : { planId: planId === noPlan ? null : planId };
    const { data } = await create({ variables: { input: { ...rest, ...plan } } });
    if (data !== undefined) await navigate(`/operator/tenants/${data.createTenant.tenant.slug}`);
  });
  return (
    <Dialog title="New organisation" onClose={onClose}>
      {(close) => (
        <Form submission={submission} submitLabel="Create" label="New organisation" onCancel={close}>
          <TextInput label="Name" required withAsterisk={false} {...form.getInputProps("name")} />
          <TextInput
            label="Address"
            description="The label under the base domain, such as acme"
            mt="md"
            required
            withAsterisk={false}
            {...form.getInputProps("slug")}
          />
          <TextInput
            label="Owner’s e-mail address"
            description="An invitation is mailed there"
            type="email"
            mt="md"
            required
            withAsterisk={false}
            {...form.getInputProps("ownerEmail")}
          />
          <NativeSelect
            label="Plan"
            mt="md"
            data={[
              { value: usualPlan, label: `That of new organisations: ${usual}` },
              ...plans.map(({ id, name }) => ({ value: id, label: name })),
              { value: noPlan, label: "No plan" },
            ]}
            {...form.getInputProps("planId")}
          />
        </Form>
      )}
    </Dialog>
  );
}
