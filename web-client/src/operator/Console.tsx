import { ApolloProvider } from "@apollo/client/react";
import { PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { operatorApiAddress } from "../api/address.ts";
import { createClient } from "../api/client.ts";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { Starting } from "../app/Gate.tsx";
import { Frame } from "../app/Layout.tsx";
import { ProblemPage } from "../app/ProblemPage.tsx";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { OrganisationName } from "../ui/Page.tsx";
import { CodeInput, digits } from "./code.tsx";
import { OperatorMenu } from "./OperatorMenu.tsx";
import { OperatorContext, operatorSession, signIn } from "./session.ts";

/** What stands for an organisation's name, in the head and in the titles. */
const consoleName = "Operators";

const pages = [
  { to: "/operator/tenants", label: "Organisations" },
  { to: "/operator/plans", label: "Plans" },
  { to: "/operator/fleet", label: "Migrations" },
  { to: "/operator/deletions", label: "Deletions" },
  { to: "/operator/events", label: "Events" },
] as const;

/** The console of operators: what is around its pages, for those who are signed in. */
export function Console() {
  const keeper = operatorSession();
  const session = useSyncExternalStore(keeper.subscribe, keeper.current);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [started, setStarted] = useState(keeper.current() !== null);
  const [attempt, setAttempt] = useState(0);
  const retry = () => {
    setProblem(null);
    setAttempt((count) => count + 1);
  };

  useEffect(() => {
    if (keeper.current() !== null) return;
    let abandoned = false;
    keeper.start().then(
      () => {
        if (!abandoned) setStarted(true);
      },
      (error: unknown) => {
        if (!abandoned) setProblem(readProblem(error));
      },
    );
    return () => {
      abandoned = true;
    };
  }, [keeper, attempt]);

  const operator = session?.viewer.id ?? null;
  // What one operator has read is not there for the next one.
  const client = useMemo(
    () => (operator === null ? null : createClient(keeper, operatorApiAddress(window.location))),
    [operator, keeper],
  );
  if (problem !== null) return <ProblemPage problem={problem} onRetry={retry} />;
  if (!started && session === null) return <Starting />;
  if (client === null || session === null) return <SignIn />;
  return (
    <ApolloProvider client={client} key={operator}>
      <OperatorContext value={session.viewer}>
        <OrganisationName value={consoleName}>
          <Frame
            name={consoleName}
            pages={pages}
            menu={<OperatorMenu operator={session.viewer} onSignOut={() => keeper.signOut()} />}
          />
        </OrganisationName>
      </OperatorContext>
    </ApolloProvider>
  );
}

function SignIn() {
  const form = useForm({
    initialValues: { email: "", password: "", code: "" },
    validate: {
      email: (value) => (value.trim() === "" ? "Enter your e-mail address." : null),
      password: (value) => (value === "" ? "Enter your password." : null),
      code: (value) => (/^\d{6}$/.test(digits(value)) ? null : "Enter the six digits."),
    },
  });
  const submission = useSubmission(form, ({ email, password, code }) =>
    operatorSession().begin(signIn({ email, password, code: digits(code) })),
  );
  return (
    <DoorFrame title="Sign in as an operator" subtitle="For those who operate this platform">
      <Form submission={submission} submitLabel="Sign in" label="Sign in as an operator">
        <Stack>
          <TextInput
            label="E-mail address"
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
            {...form.getInputProps("password")}
          />
          <CodeInput {...form.getInputProps("code")} />
        </Stack>
      </Form>
    </DoorFrame>
  );
}
