import { useQuery } from "@apollo/client/react";
import { Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { EmploymentBadge } from "../directory/EmployeeTable.tsx";
import { EmployeeDocument, type EmployeeDetailsFragment } from "../generated/graphql.ts";
import { useIsReadOnly, useViewer } from "../session/context.ts";
import { employmentTypes, formatDate, formatMoney } from "../ui/format.ts";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { DirectReports } from "./DirectReports.tsx";
import { Fact, Facts } from "./Facts.tsx";
import { History } from "./History.tsx";
import { ManagerDialog } from "./ManagerDialog.tsx";
import { RehireDialog } from "./RehireDialog.tsx";
import { TerminateDialog } from "./TerminateDialog.tsx";
import { TransferDialog } from "./TransferDialog.tsx";

/** One person: what the one signed in may see of them, and do. */
export function EmployeePage() {
  const { id = "" } = useParams();
  const viewer = useViewer();
  const { data, error, refetch } = useQuery(EmployeeDocument, {
    variables: { id },
    fetchPolicy: "cache-and-network",
  });
  const employee = data?.employee;

  const problem = error === undefined ? null : readProblem(error);

  if (problem !== null && problem.code !== "NOT_FOUND") {
    return (
      <Page title="Person">
        <ErrorState problem={problem} onRetry={() => void refetch().catch(() => undefined)} />
      </Page>
    );
  }
  if (problem === null && employee === undefined) {
    return (
      <Page title="Person">
        <LoadingRows />
      </Page>
    );
  }
  if (employee == null) {
    return (
      <Page title="Person not found">
        <Empty title="There is no such person">
          <Anchor component={Link} to="/">
            Go to the people
          </Anchor>
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={employee.name}
      heading={
        <Group gap="sm" component="span">
          <bdi>{employee.name}</bdi>
          <EmploymentBadge employee={employee} />
        </Group>
      }
      subtitle={
        <>
          <bdi>{employee.position.title}</bdi> · <bdi>{employee.department.name}</bdi>
        </>
      }
      actions={<Actions employee={employee} />}
    >
      <div className="columns">
        <Stack>
          <Work employee={employee} />
          <Private employee={employee} />
          {viewer.permissions.readAudit && <History id={employee.id} />}
        </Stack>
        <DirectReports id={employee.id} />
      </div>
    </Page>
  );
}

type DialogName = "transfer" | "manager" | "terminate" | "rehire";

function Actions({ employee }: { employee: EmployeeDetailsFragment }) {
  const viewer = useViewer();
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const close = () => setDialog(null);
  const { permissions } = employee;
  const isReadOnly = useIsReadOnly();
  const manages = viewer.permissions.manageEmployees;
  const left = employee.status === "TERMINATED";
  const oneself = viewer.employee?.id === employee.id;

  return (
    <>
      {!isReadOnly && (permissions.update || permissions.updateOwnContact) && (
        <Button component={Link} to={`/employees/${employee.id}/edit`}>
          {permissions.update ? "Edit" : "Edit my contact details"}
        </Button>
      )}
      {manages && !left && (
        <>
          <Button variant="default" onClick={() => setDialog("transfer")}>
            Transfer
          </Button>
          <Button variant="default" onClick={() => setDialog("manager")}>
            Change manager
          </Button>
          {!oneself && (
            <Button variant="light" color="red" onClick={() => setDialog("terminate")}>
              Terminate
            </Button>
          )}
        </>
      )}
      {manages && left && (
        <Button variant="default" onClick={() => setDialog("rehire")}>
          Rehire
        </Button>
      )}
      {dialog === "transfer" && <TransferDialog employee={employee} onClose={close} />}
      {dialog === "manager" && <ManagerDialog employee={employee} onClose={close} />}
      {dialog === "terminate" && <TerminateDialog employee={employee} onClose={close} />}
      {dialog === "rehire" && <RehireDialog employee={employee} onClose={close} />}
    </>
  );
}

function Work({ employee }: { employee: EmployeeDetailsFragment }) {
  return (
    <section className="surface" aria-label="Work">
      <Title order={2} size="h4" mb="md">
        Work
      </Title>
      <Facts>
        <Fact name="E-mail">
          <Anchor href={`mailto:${employee.workEmail}`}>{employee.workEmail}</Anchor>
        </Fact>
        <Fact name="Number">{employee.employeeNumber}</Fact>
        <Fact name="Position">
          <bdi>{employee.position.title}</bdi>
        </Fact>
        <Fact name="Department">
          <Anchor component={Link} to={`/?department=${encodeURIComponent(employee.department.id)}`}>
            <bdi>{employee.department.name}</bdi>
          </Anchor>
        </Fact>
        <Fact name="Location">{employee.location === null ? "–" : <bdi>{employee.location.name}</bdi>}</Fact>
        <Fact name="Manager">
          {employee.manager === null ? (
            "Nobody"
          ) : (
            <Anchor component={Link} to={`/employees/${employee.manager.id}`}>
              <bdi>{employee.manager.name}</bdi>
            </Anchor>
          )}
        </Fact>
        <Fact name="Employment">{employmentTypes[employee.employmentType]}</Fact>
        <Fact name="Hired">{formatDate(employee.hiredOn)}</Fact>
        {employee.terminatedOn !== null && <Fact name="Left">{formatDate(employee.terminatedOn)}</Fact>}
      </Facts>
    </section>
  );
}

/** Only there for those who were given it. */
function Private({ employee }: { employee: EmployeeDetailsFragment }) {
  const { personal, salary, permissions } = employee;
  if (personal === null && salary === null && !permissions.seeSalary) return null;
  return (
    <section className="surface" aria-label="Private">
      <Title order={2} size="h4">
        Private
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        Few people may see this.
      </Text>
      <Facts>
        {personal !== null && (
          <>
            <Fact name="Date of birth">{personal.birthDate === null ? "–" : formatDate(personal.birthDate)}</Fact>
            <Fact name="Personal e-mail">{personal.personalEmail ?? "–"}</Fact>
            <Fact name="Phone">{personal.phone === null ? "–" : <bdi>{personal.phone}</bdi>}</Fact>
            <Fact name="Address">{personal.address === null ? "–" : <bdi>{personal.address}</bdi>}</Fact>
            {personal.terminationReason !== null && (
              <Fact name="Why they left">
                <bdi>{personal.terminationReason}</bdi>
              </Fact>
            )}
          </>
        )}
        {permissions.seeSalary && (
          <Fact name="Salary a year, gross">{salary === null ? "–" : formatMoney(salary)}</Fact>
        )}
      </Facts>
    </section>
  );
}
