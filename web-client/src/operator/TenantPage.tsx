import { useMutation, useQuery } from "@apollo/client/react";
import { Anchor, Button, Text, TextInput, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type ReactNode, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import {
  KeepTenantDocument,
  OperatorTenantDocument,
  type OperatorTenantQuery,
  RenameTenantDocument,
  RequestTenantDeletionAsOperatorDocument,
  ResumeTenantDocument,
  RetryTenantMigrationDocument,
  SetTenantMaintenanceDocument,
  SuspendTenantDocument,
} from "../generated/operator.ts";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, announceProblem, Form, useSubmission } from "../ui/form.tsx";
import { formatBytes, formatInstant } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { useMayChange } from "./session.ts";
import { SupportAccess } from "./SupportAccess.tsx";
import { TenantLimits } from "./TenantLimits.tsx";
import { TenantPlan } from "./TenantPlan.tsx";
import { SlowOperations, TenantUsage } from "./TenantUsage.tsx";
import { TermsForm } from "./TermsForm.tsx";
import { states } from "./text.ts";

type Details = OperatorTenantQuery["tenant"];
type Tenant = Details["tenant"];

/** One organisation, and what can be done with it. */
export function TenantPage() {
  const { slug = "" } = useParams();
  const { data, error, refetch } = useQuery(OperatorTenantDocument, {
    variables: { slug },
    fetchPolicy: "cache-and-network",
  });
  const mayChange = useMayChange();
  const again = () => void refetch().catch(() => undefined);
  if (error !== undefined) {
    return (
      <Page title={slug}>
        <ErrorState problem={readProblem(error)} onRetry={again} />
      </Page>
    );
  }
  if (data === undefined) {
    return (
      <Page title={slug}>
        <LoadingRows />
      </Page>
    );
  }
  const details = data.tenant;
  return (
    <Page
      title={details.tenant.name}
      heading={<bdi>{details.tenant.name}</bdi>}
      subtitle={<Anchor href={details.tenant.url}>{details.tenant.url}</Anchor>}
    >
      {mayChange && <Actions details={details} onDone={again} />}
      <div className="surface surface-flush">
        <table className="list facts-list">
          <tbody>
            {facts(details).map(([what, value]) => (
              <tr key={what}>
                <th scope="row">{what}</th>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <SupportAccess tenant={details.tenant} />
      <TenantPlan tenant={details.tenant.id} plan={details.plan} onDone={again} />
      <TenantLimits details={details} onDone={again} />
      <TenantUsage days={details.usage} />
      <SlowOperations operations={details.slowOperations} />
    </Page>
  );
}

function facts({
  tenant,
  schemaName,
  terms,
  maintenanceMessage,
  deletion,
  formerSlugs,
}: Details): [string, ReactNode][] {
  const instant = (at: string | null) => (at === null ? "–" : formatInstant(at));
  const failure = tenant.lastMigrationFailure;
  return [
    ["State", states[tenant.state]],
    ["Address", tenant.slug],
    ["Former addresses", formerSlugs.map(({ slug }) => slug).join(", ") || "–"],
    ["Hosts", tenant.hosts.join(", ") || "–"],
    ["Schema", schemaName],
    ["Version", `${tenant.schemaVersion ?? "none"}${tenant.isBehind ? " (behind)" : ""}`],
    ["Last failure", failure === null ? "–" : `${failure.code ?? ""} ${failure.message ?? ""}`],
    ["Size", formatBytes(tenant.sizeBytes)],
    ["Members", tenant.memberCount],
    ["Made", instant(tenant.createdAt)],
    ["Last activity", instant(tenant.lastActivityAt)],
    ["Trial ends", instant(tenant.trialEndsAt)],
    ["Paid until", instant(tenant.paidUntil)],
    ["Warned from", instant(terms.warnedFrom)],
    ["Read-only from", instant(terms.readOnlyFrom)],
    ["Suspended from", instant(terms.suspendedFrom)],
    ["Maintenance", maintenanceMessage ?? "–"],
    ["Deletion", deletion === null ? "–" : `${instant(tenant.deleteAt)}, asked for by an ${deletion.askedBy}`],
  ];
}

type Asking = "suspend" | "maintenance" | "terms" | "rename" | "delete";

function Actions({ details, onDone }: { details: Details; onDone: () => void }) {
  const { tenant } = details;
  const [asking, setAsking] = useState<Asking | null>(null);
  const [resume, resuming] = useMutation(ResumeTenantDocument);
  const [keep, keeping] = useMutation(KeepTenantDocument);
  const [retry, retrying] = useMutation(RetryTenantMigrationDocument);
  const [maintain, maintaining] = useMutation(SetTenantMaintenanceDocument);
  const finish = (work: Promise<unknown>, done: string) => {
    work.then(
      () => {
        announceDone(done);
        onDone();
      },
      (error: unknown) => announceProblem(readProblem(error)),
    );
  };
  const { id } = tenant;
  return (
    <div className="actions" style={{ marginBlockEnd: "1rem" }}>
      {tenant.deleteAt !== null ? (
        <Button
          loading={keeping.loading}
          onClick={() => finish(keep({ variables: { id } }), `${tenant.name} is kept.`)}
        >
          Keep it
        </Button>
      ) : (
        <>
          {tenant.state === "SUSPENDED" ? (
            <Button
              loading={resuming.loading}
              onClick={() => finish(resume({ variables: { id } }), `${tenant.name} is served again.`)}
            >
              Resume
            </Button>
          ) : (
            <Button variant="default" onClick={() => setAsking("suspend")}>
              Suspend
            </Button>
          )}
          {tenant.state === "MAINTENANCE" ? (
            <Button
              loading={maintaining.loading}
              onClick={() =>
                finish(
                  maintain({ variables: { input: { id, enabled: false, message: "" } } }),
                  `${tenant.name} is served again.`,
                )
              }
            >
              End maintenance
            </Button>
          ) : (
            <Button variant="default" onClick={() => setAsking("maintenance")}>
              Maintenance
            </Button>
          )}
          <Button variant="default" onClick={() => setAsking("terms")}>
            Dates
          </Button>
          <Button variant="default" onClick={() => setAsking("rename")}>
            Rename
          </Button>
          {tenant.isBehind && (
            <Button
              variant="default"
              loading={retrying.loading}
              onClick={() => finish(retry({ variables: { id } }), "The migration was tried again.")}
            >
              Migrate again
            </Button>
          )}
          <Button variant="light" color="red" onClick={() => setAsking("delete")}>
            Delete
          </Button>
        </>
      )}
      {asking !== null && (
        <Dialog title={titles[asking]} onClose={() => setAsking(null)}>
          {(close) => <Asked asking={asking} details={details} close={close} onDone={onDone} />}
        </Dialog>
      )}
    </div>
  );
}

const titles: Readonly<Record<Asking, string>> = {
  suspend: "Suspend",
  maintenance: "Maintenance",
  terms: "Dates",
  rename: "Rename",
  delete: "Delete",
};

function Asked(props: { asking: Asking; details: Details; close: Close; onDone: () => void }) {
  const { asking, details, ...rest } = props;
  const { tenant } = details;
  switch (asking) {
    case "suspend":
    case "delete":
      return <TypedForm asking={asking} tenant={tenant} {...rest} />;
    case "maintenance":
      return <MaintenanceForm tenant={tenant} {...rest} />;
    case "terms":
      return <TermsForm details={details} close={() => rest.close()} onDone={rest.onDone} />;
    case "rename":
      return <RenameForm tenant={tenant} {...rest} />;
  }
}

interface FormProps {
  tenant: Tenant;
  close: Close;
  onDone: () => void;
}

/** What stops an organisation from being served is done once its address was typed. */
function TypedForm({ asking, tenant, close, onDone }: FormProps & { asking: "suspend" | "delete" }) {
  const [suspend] = useMutation(SuspendTenantDocument);
  const [erase] = useMutation(RequestTenantDeletionAsOperatorDocument);
  const form = useForm({
    initialValues: { slug: "" },
    validate: { slug: (value) => (value.trim() === tenant.slug ? null : `Type ${tenant.slug} to go on.`) },
  });
  const { id } = tenant;
  const submission = useSubmission(form, async ({ slug }) => {
    if (asking === "suspend") await suspend({ variables: { id } });
    else await erase({ variables: { input: { id, slug } } });
    close(true);
    onDone();
  });
  return (
    <Form submission={submission} submitLabel={titles[asking]} label={titles[asking]} danger onCancel={close}>
      <Text size="sm" mb="md">
        {asking === "suspend"
          ? "Nobody can use this organisation until it is resumed. Its data is kept."
          : "Nobody can use this organisation any more. It is deleted with all its data after the grace, until which this can be taken back."}
      </Text>
      <TextInput label={`Type ${tenant.slug}`} required withAsterisk={false} {...form.getInputProps("slug")} />
    </Form>
  );
}

function MaintenanceForm({ tenant, close, onDone }: FormProps) {
  const [maintain] = useMutation(SetTenantMaintenanceDocument);
  const form = useForm({ initialValues: { message: "" } });
  const submission = useSubmission(form, async ({ message }) => {
    await maintain({ variables: { input: { id: tenant.id, enabled: true, message } } });
    close();
    onDone();
  });
  return (
    <Form submission={submission} submitLabel="Begin" label="Maintenance" onCancel={close}>
      <Textarea
        label="Message"
        description="What its people are told meanwhile"
        maxLength={500}
        {...form.getInputProps("message")}
      />
    </Form>
  );
}

function RenameForm({ tenant, close, onDone }: FormProps) {
  const [rename] = useMutation(RenameTenantDocument);
  const navigate = useNavigate();
  const form = useForm({ initialValues: { name: tenant.name, slug: tenant.slug } });
  const submission = useSubmission(form, async ({ name, slug }) => {
    const input = { id: tenant.id, ...(form.isDirty("name") && { name }), ...(form.isDirty("slug") && { slug }) };
    const { data } = await rename({ variables: { input } });
    close();
    const renamed = data?.renameTenant.tenant.slug ?? tenant.slug;
    if (renamed === tenant.slug) onDone();
    else await navigate(`/operator/tenants/${renamed}`, { replace: true });
  });
  return (
    <Form submission={submission} submitLabel="Rename" label="Rename" onCancel={close}>
      <TextInput label="Name" required withAsterisk={false} {...form.getInputProps("name")} />
      <TextInput
        label="Address"
        description="The former one leads to it for a while"
        mt="md"
        required
        withAsterisk={false}
        {...form.getInputProps("slug")}
      />
    </Form>
  );
}
