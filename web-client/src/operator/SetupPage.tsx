import { Code, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { NewPasswordInput, passwordCheck } from "../account/NewPasswordInput.tsx";
import { qrPath } from "../account/qr.ts";
import { operatorApiAddress } from "../api/address.ts";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import { OperatorSetupDocument, type OperatorSetupQuery } from "../generated/operator.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { useFragment } from "../session/fragment.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { CodeInput, digits } from "./code.tsx";
import { completeSetup, operatorSession } from "./session.ts";

type Setup = OperatorSetupQuery["operatorSetup"];

/** Where an operator arrives by the link of `tenantry operator create`: chooses a password and sets up the app. */
export function SetupPage() {
  const token = useFragment();
  const [setup, setSetup] = useState<Setup | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    let abandoned = false;
    request(operatorApiAddress(window.location), OperatorSetupDocument, { token }).then(
      ({ operatorSetup }) => {
        if (!abandoned) setSetup(operatorSetup);
      },
      (error: unknown) => {
        if (!abandoned) setProblem(readProblem(error));
      },
    );
    return () => {
      abandoned = true;
    };
  }, [token]);

  return (
    <DoorFrame title="Set up your operator account" subtitle={<bdi>{setup?.email}</bdi>}>
      {problem !== null ? (
        <ErrorState problem={problem} />
      ) : setup === null ? (
        <LoadingRows rows={3} />
      ) : (
        <SetupForm token={token} setup={setup} />
      )}
    </DoorFrame>
  );
}

function SetupForm({ token, setup }: { token: string; setup: Setup }) {
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { password: "", code: "" },
    validate: {
      password: passwordCheck,
      code: (value) => (/^\d{6}$/.test(digits(value)) ? null : "Enter the six digits."),
    },
  });
  const submission = useSubmission(form, async ({ password, code }) => {
    await operatorSession().begin(completeSetup({ token, password, code: digits(code) }));
    await navigate("/operator/tenants", { replace: true });
  });
  const { size, path } = qrPath(setup.authenticator.uri);
  return (
    <Form submission={submission} submitLabel="Set up" label="Set up your operator account">
      <Stack>
        <NewPasswordInput label="1. Password" {...form.getInputProps("password")} />
        <Text size="sm">2. Let your authenticator app scan this code, or type the key into it.</Text>
        <svg
          className="qr-code"
          viewBox={`0 0 ${size} ${size}`}
          shapeRendering="crispEdges"
          role="img"
          aria-label="The key as a QR code"
        >
          <rect width={size} height={size} fill="#fff" />
          <path d={path} fill="#000" />
        </svg>
        <Text size="sm">
          Key: <Code className="secret">{setup.authenticator.secret.replace(/(.{4})(?=.)/g, "$1 ")}</Code>
        </Text>
        <CodeInput label="3. Code" {...form.getInputProps("code")} />
      </Stack>
    </Form>
  );
}
