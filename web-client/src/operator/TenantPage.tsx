import { useApolloClient, useMutation, useQuery } from "@apollo/client/react";
import { Anchor, Button, Text, TextInput, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import {
  KeepTenantDocument,
  OperatorEventsDocument,
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
import { formatDay, formatInstant } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { EventList } from "./EventList.tsx";
import { Section } from "./Section.tsx";
import { useMayChange } from "./session.ts";
import { SupportAccess } from "./SupportAccess.tsx";
import { TenantFacts } from "./TenantFacts.tsx";
import { TenantLimits } from "./TenantLimits.tsx";
import { TenantPlan } from "./TenantPlan.tsx";
import { SlowOperations, TenantUsage } from "./TenantUsage.tsx";
import { TermsForm } from "./TermsForm.tsx";

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
  const client = useApolloClient();
  const again = () => void refetch().catch(() => undefined);
  // What was done is also among its events.
  const onDone = () => {
    again();
    client.refetchQueries({ include: [OperatorEventsDocument] }).catch(() => undefined);
  };
  if (error !== undefined) {
    const problem = readProblem(error);
    return (
      <Page title={slug}>
        {problem.code === "NOT_FOUND" ? (
          <Empty title="There is no organisation at this address">
            <Anchor component={Link} to="/operator/tenants">
              Go to the organisations
            </Anchor>
          </Empty>
        ) : (
          <ErrorState problem={problem} onRetry={again} />
        )}
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
      {mayChange && <Actions details={details} onDone={onDone} />}
      <TenantFacts details={details} />
      <SupportAccess tenant={details.tenant} />
      <TenantPlan tenant={details.tenant} plan={details.plan} onDone={onDone} />
      <TenantLimits details={details} onDone={onDone} />
      <TenantUsage days={details.usage} />
      <SlowOperations operations={details.slowOperations} />
      <Section title="Events">
        <EventList tenant={details.tenant.id} />
      </Section>
    </Page>
  );
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
        // Its button is about to be another one, or none.
        document.querySelector<HTMLElement>("main h1")?.focus();
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
        <Dialog title={titles[asking](tenant.name)} onClose={() => setAsking(null)}>
          {(close) => <Asked asking={asking} details={details} close={close} onDone={onDone} />}
        </Dialog>
      )}
    </div>
  );
}

const titles: Readonly<Record<Asking, (name: string) => string>> = {
  suspend: (name) => `Suspend ${name}`,
  maintenance: (name) => `Maintenance of ${name}`,
  terms: (name) => `Dates of ${name}`,
  rename: (name) => `Rename ${name}`,
  delete: (name) => `Delete ${name}`,
};

function Asked(props: { asking: Asking; details: Details; close: Close; onDone: () => void }) {
  const { asking, details, ...rest } = props;
  const { tenant } = details;
  switch (asking) {
    case "suspend":
    case "delete":
      return <TypedForm asking={asking} deletedAt={details.earliestDeletionAt} tenant={tenant} {...rest} />;
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
function TypedForm({
  asking,
  deletedAt,
  tenant,
  close,
  onDone,
}: FormProps & {
  asking: "suspend" | "delete";
  /** When it would be deleted. */
  deletedAt: string;
}) {
  const [suspend] = useMutation(SuspendTenantDocument);
  const [erase] = useMutation(RequestTenantDeletionAsOperatorDocument);
  const form = useForm({
    initialValues: { slug: "" },
    validate: { slug: (value) => (value.trim() === tenant.slug ? null : `Type ${tenant.slug} to go on.`) },
  });
  const { id, name } = tenant;
  const submission = useSubmission(form, async ({ slug }) => {
    if (asking === "suspend") {
      await suspend({ variables: { id } });
      announceDone(`${name} is suspended.`);
    } else {
      const { data } = await erase({ variables: { input: { id, slug } } });
      const at = data?.requestTenantDeletion.tenant.deleteAt ?? deletedAt;
      announceDone(`${name} will be deleted on ${formatInstant(at)}.`);
    }
    close(true);
    onDone();
  });
  const label = asking === "suspend" ? "Suspend" : "Delete";
  return (
    <Form submission={submission} submitLabel={label} label={label} danger onCancel={close}>
      <Text size="sm" mb="md">
        {asking === "suspend"
          ? "Nobody can use this organisation until it is resumed. Its data is kept."
          : `Nobody can use this organisation any more. It is deleted with all its data on ${formatDay(deletedAt)}. Until then an operator can take that back; its owners cannot.`}
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
    announceDone(`${tenant.name} is under maintenance.`);
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
  const form = useForm({
    initialValues: { name: tenant.name, slug: tenant.slug },
    validate: {
      name: (value) => (value.trim() === "" ? "Enter a name." : null),
      slug: (value) => (value.trim() === "" ? "Enter an address." : null),
    },
  });
  const submission = useSubmission(form, async ({ name, slug }) => {
    const input = { id: tenant.id, ...(form.isDirty("name") && { name }), ...(form.isDirty("slug") && { slug }) };
    const { data } = await rename({ variables: { input } });
    const renamed = data?.renameTenant.tenant ?? tenant;
    announceDone(`${renamed.name} is renamed.`);
    close();
    if (renamed.slug === tenant.slug) onDone();
    else await navigate(`/operator/tenants/${renamed.slug}`, { replace: true });
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
