import { useApolloClient, useMutation, useQuery } from "@apollo/client/react";
import { Button, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { forgetLists } from "../api/client.ts";
import { readProblem } from "../api/read-problem.ts";
import { EmployeeDocument, type EmployeeDetailsFragment, UpdateEmployeeDocument } from "../generated/graphql.ts";
import { useIsReadOnly } from "../session/context.ts";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import {
  BirthDateField,
  ContactFields,
  PersonFields,
  PreferredNameField,
  SalaryFields,
  Section,
} from "./fieldsets.tsx";
import { changesOf, personChecks, personValues } from "./values.ts";

/** Changes what is recorded about one person, as far as whoever is signed in may. */
export function EditPage() {
  const { id = "" } = useParams();
  const isReadOnly = useIsReadOnly();
  const [attempt, setAttempt] = useState(0);
  const { data, error, refetch } = useQuery(EmployeeDocument, {
    variables: { id },
    // The form begins with what is there now, at the version that it will name.
    fetchPolicy: "network-only",
    nextFetchPolicy: "cache-first",
  });
  const employee = data?.employee;
  const problem = error === undefined ? null : readProblem(error);
  const title = employee == null ? "Edit" : `Edit ${employee.name}`;

  return (
    <Page
      title={title}
      heading={
        employee == null ? undefined : (
          <>
            Edit <bdi>{employee.name}</bdi>
          </>
        )
      }
    >
      {problem !== null && problem.code !== "NOT_FOUND" ? (
        <ErrorState problem={problem} onRetry={() => void refetch().catch(() => undefined)} />
      ) : problem === null && employee === undefined ? (
        <LoadingRows />
      ) : employee == null ? (
        <Empty title="There is no such person" />
      ) : isReadOnly ? (
        <Empty title="Nothing can be changed now" />
      ) : !employee.permissions.update && !employee.permissions.updateOwnContact ? (
        <Empty title="You may not change this person’s record" />
      ) : (
        <EditForm
          key={attempt}
          found={employee}
          onReload={() =>
            void refetch().then(
              () => setAttempt(attempt + 1),
              () => undefined,
            )
          }
        />
      )}
    </Page>
  );
}

function EditForm({ found, onReload }: { found: EmployeeDetailsFragment; onReload: () => void }) {
  // What others change meanwhile must neither replace what is being typed nor pass for what was read at the start.
  const [employee] = useState(found);
  const navigate = useNavigate();
  const client = useApolloClient();
  const [update] = useMutation(UpdateEmployeeDocument);
  const before = personValues(employee);
  const form = useForm({ initialValues: before, validate: personChecks });
  const page = `/employees/${employee.id}`;
  const submission = useSubmission(form, async (values) => {
    const input = changesOf(employee, before, values);
    if (input !== null) {
      await update({ variables: { input } });
      forgetLists(client);
      announceDone("Saved.");
    }
    await navigate(page);
  });
  const { permissions } = employee;

  return (
    <div className="narrow">
      <Form submission={submission} submitLabel="Save" label="Edit" onCancel={() => void navigate(page)}>
        {submission.problem?.code === "CONFLICT" && (
          <Stack gap="xs" align="flex-start" mb="md">
            <Text size="sm">Somebody else may have changed this record while you were editing it.</Text>
            <Button variant="default" size="xs" onClick={onReload}>
              Discard my changes and load the record again
            </Button>
          </Stack>
        )}
        <Stack>
          {permissions.update && (
            <Section title="Person">
              <PersonFields form={form} />
            </Section>
          )}
          {(permissions.seePrivate || permissions.updateOwnContact) && (
            <Section title="Private">
              <div className="fields">
                {!permissions.update && <PreferredNameField form={form} />}
                {permissions.update && <BirthDateField form={form} />}
                <ContactFields form={form} />
                {permissions.update && permissions.seeSalary && <SalaryFields form={form} />}
              </div>
            </Section>
          )}
        </Stack>
      </Form>
    </div>
  );
}
