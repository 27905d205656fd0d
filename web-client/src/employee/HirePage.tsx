import { useApolloClient, useMutation } from "@apollo/client/react";
import { Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "react-router";
import { forgetLists } from "../api/client.ts";
import { HireEmployeeDocument } from "../generated/graphql.ts";
import { useIsReadOnly, useViewer } from "../session/context.ts";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { today } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { Empty } from "../ui/states.tsx";
import { BirthDateField, ContactFields, PersonFields, PlaceFields, SalaryFields, Section } from "./fieldsets.tsx";
import { hireInput, type HireValues, nobody, personChecks, required } from "./values.ts";

/** Hires a person and goes to their page. */
export function HirePage() {
  const viewer = useViewer();
  const isReadOnly = useIsReadOnly();
  if (!viewer.permissions.manageEmployees) {
    return (
      <Page title="Hire someone">
        <Empty title={isReadOnly ? "Nobody can be hired now" : "You may not hire people"} />
      </Page>
    );
  }
  return (
    <Page title="Hire someone">
      <HireForm />
    </Page>
  );
}

function HireForm() {
  const navigate = useNavigate();
  const client = useApolloClient();
  const [hire] = useMutation(HireEmployeeDocument);
  const form = useForm<HireValues>({
    initialValues: {
      ...nobody,
      departmentId: "",
      positionId: "",
      locationId: "",
      managerId: "",
      hiredOn: today(),
    },
    validate: {
      ...personChecks,
      departmentId: (value) => (value === "" ? "Choose a department." : null),
      positionId: (value) => (value === "" ? "Choose a position." : null),
      hiredOn: required("the first day of work"),
    },
  });
  const submission = useSubmission(form, async (values) => {
    const { data } = await hire({ variables: { input: hireInput(values) } });
    const employee = data?.hireEmployee.employee;
    if (employee === undefined) return;
    forgetLists(client);
    announceDone(`${employee.name} has been hired.`);
    await navigate(`/employees/${employee.id}`);
  });

  return (
    <div className="narrow">
      <Form submission={submission} submitLabel="Hire" label="Hire someone" onCancel={() => void navigate("/")}>
        <Stack>
          <Section title="Person">
            <PersonFields form={form} />
          </Section>
          <Section title="Place in the organisation">
            <Stack>
              <PlaceFields form={form} required noManager="Nobody" noLocation="None" />
              <div className="fields">
                <TextInput label="First day of work" type="date" required {...form.getInputProps("hiredOn")} />
              </div>
            </Stack>
          </Section>
          <Section title="Private">
            <div className="fields">
              <BirthDateField form={form} />
              <ContactFields form={form} />
              <SalaryFields form={form} />
            </div>
          </Section>
        </Stack>
      </Form>
    </div>
  );
}
