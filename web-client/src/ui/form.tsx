import { Alert, Button, Text } from "@mantine/core";
import type { FormErrors, UseFormReturnType } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { type ReactNode, type SubmitEvent, useEffect, useRef, useState } from "react";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { AlertIcon } from "./icons.tsx";
import { ProblemText } from "./states.tsx";

/** A form that is being filled in, sent or has been refused. */
export interface Submission {
  onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
  busy: boolean;
  /** What the server refused that belongs to no input of this form. */
  problem: Problem | null;
  /** How many times it has been refused, by the form's own checks or by the server. */
  refusals: number;
}

/**
 * The form's field that the server means by the path of a GraphQL input: the same path, or its last part, so that
 * `personal.birthDate` finds the input `birthDate`, or its first, so that `salary.amount` finds `salary`.
 */
export function fieldFor(path: string | null, fields: readonly string[]): string | null {
  if (path === null) return null;
  const parts = path.split(".").filter((part) => part !== "input");
  const candidates = [parts.join("."), parts.at(-1), parts[0]];
  return candidates.find((name): name is string => name !== undefined && fields.includes(name)) ?? null;
}

/**
 * Sends a form. Errors of a field appear beside its input and the first of them takes the focus; any other problem
 * appears at the head of the form and is read out.
 */
export function useSubmission<Values extends object>(
  form: UseFormReturnType<Values>,
  send: (values: Values) => Promise<unknown>,
): Submission {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [refusals, setRefusals] = useState(0);

  const refuse = () => setRefusals((count) => count + 1);

  const accept = async (values: Values) => {
    setBusy(true);
    setProblem(null);
    try {
      await send(values);
    } catch (error) {
      const found = readProblem(error);
      const field = fieldFor(found.field, Object.keys(values));
      if (field === null) setProblem(found);
      else form.setErrors({ [field]: found.message } satisfies FormErrors);
      refuse();
    } finally {
      setBusy(false);
    }
  };

  return { onSubmit: form.onSubmit((values) => void accept(values), refuse), busy, problem, refusals };
}

/** A form with its problem at the head and its buttons at the foot. */
export function Form(props: {
  submission: Submission;
  submitLabel: string;
  label?: string;
  danger?: boolean;
  /** Whether there is nothing to send. */
  disabled?: boolean;
  /** Whether nothing can be changed now: what is there is shown, and that is said in the place of the button. */
  readOnly?: boolean;
  /** Whether a dialog begins at the button that does nothing: where there is nothing to fill in. */
  cancelFirst?: boolean;
  onCancel?: () => void;
  children: ReactNode;
}) {
  const { submission } = props;
  const { refusals } = submission;
  const element = useRef<HTMLFormElement>(null);

  // After a refusal, once the errors are on the page, and never while typing.
  useEffect(() => {
    if (refusals === 0) return;
    const first = element.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    (first ?? element.current?.querySelector<HTMLElement>('[role="alert"]'))?.focus();
  }, [refusals]);

  if (props.readOnly === true) {
    return (
      <form aria-label={props.label}>
        <fieldset className="group" disabled>
          {props.children}
        </fieldset>
        <Text size="sm" c="dimmed" mt="lg">
          Nothing of this can be changed now.
        </Text>
      </form>
    );
  }
  return (
    <form ref={element} onSubmit={submission.onSubmit} noValidate aria-label={props.label}>
      {submission.problem !== null && (
        <Alert color="red" variant="light" icon={<AlertIcon />} role="alert" tabIndex={-1} mb="md">
          <ProblemText problem={submission.problem} />
        </Alert>
      )}
      {props.children}
      <div className="actions" style={{ marginBlockStart: "1.5rem" }}>
        <Button
          type="submit"
          loading={submission.busy}
          disabled={props.disabled === true}
          {...(props.danger === true ? { color: "red" } : {})}
        >
          {props.submitLabel}
        </Button>
        {props.onCancel !== undefined && (
          <Button
            variant="default"
            onClick={() => props.onCancel?.()}
            {...(props.cancelFirst === true ? { "data-autofocus": true } : {})}
          >
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}

/** Says briefly that something has been done. */
export function announceDone(message: string): void {
  // The newest alone: a former one may say the contrary.
  notifications.hide("done");
  notifications.show({
    id: "done",
    message,
    color: "indigo",
    autoClose: 5000,
    closeButtonProps: { "aria-label": "Close" },
  });
}

/** Says that something has not been done, where there is no form to say it in. */
export function announceProblem(problem: Problem): void {
  notifications.show({
    message: problem.message,
    color: "red",
    autoClose: 10_000,
    role: "alert",
    closeButtonProps: { "aria-label": "Close" },
  });
}
