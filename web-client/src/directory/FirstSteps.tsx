import { Button, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { Link } from "react-router";
import { useDepartments, usePositions } from "../organisation/choices.ts";
import { useViewer } from "../session/context.ts";

interface Step {
  title: string;
  text: string;
  to: string;
  label: string;
  done: boolean;
}

/** What there is to do in an organisation that has nobody yet, in its order. */
export function FirstSteps() {
  const { permissions } = useViewer();
  const departments = useDepartments().items ?? [];
  const positions = usePositions().items ?? [];
  const steps: Step[] = [];
  if (permissions.manageOrganisation) {
    steps.push(
      {
        title: "Create a department",
        text: "Everybody belongs to one.",
        to: "/departments",
        label: "Departments",
        done: departments.length > 0,
      },
      {
        title: "Create a position",
        text: "What people are: engineer, accountant, …",
        to: "/positions",
        label: "Positions",
        done: positions.length > 0,
      },
    );
  }
  steps.push({
    title: "Hire the first person",
    text: "Yourself, for a start.",
    to: "/employees/new",
    label: "Hire someone",
    done: false,
  });
  if (permissions.manageMembers) {
    steps.push({
      title: "Invite your colleagues",
      text: "Those who shall sign in here, too.",
      to: "/members",
      label: "Members",
      done: false,
    });
  }
  const next = steps.find(({ done }) => !done);
  return (
    <section className="surface narrow" aria-labelledby="first-steps">
      <Title order={2} size="h4" id="first-steps">
        First steps
      </Title>
      <Text c="dimmed" size="sm" mb="md">
        Nobody works here yet. This is what to begin with.
      </Text>
      <ol className="plain-list">
        {steps.map((step) => (
          <li key={step.to}>
            <Stack gap={4} align="flex-start">
              <Text fw={600}>
                {step.done && <span aria-hidden="true">✓ </span>}
                {step.title}
                {step.done && <VisuallyHidden> (done)</VisuallyHidden>}
              </Text>
              <Text size="sm" c="dimmed">
                {step.text}
              </Text>
              <Button component={Link} to={step.to} size="compact-sm" variant={step === next ? "filled" : "default"}>
                {step.label}
              </Button>
            </Stack>
          </li>
        ))}
      </ol>
    </section>
  );
}
