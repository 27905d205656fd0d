import { NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { ReactNode } from "react";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import type { Choice } from "./choices.ts";

interface Common {
  title: ReactNode;
  submitLabel: string;
  /** What is said when it has been done. */
  done: string;
  onClose: () => void;
}

/** Asks for a name: of something new or a new one of something there. */
export function NameDialog(
  props: Common & {
    /** The GraphQL input's field, so that its errors appear at the input. */
    field: "name" | "title";
    label: string;
    initial?: string;
    onSend: (name: string) => Promise<unknown>;
  },
) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {(close) => <NameForm {...props} onClose={close} />}
    </Dialog>
  );
}

function NameForm(props: Parameters<typeof NameDialog>[0]) {
  const form = useForm<Record<string, string>>({
    initialValues: { [props.field]: props.initial ?? "" },
    validate: { [props.field]: (value) => (value.trim() === "" ? "Enter a name." : null) },
  });
  const submission = useSubmission(form, async (values) => {
    await props.onSend((values[props.field] ?? "").trim());
    announceDone(props.done);
    props.onClose();
  });
  return (
    <Form submission={submission} submitLabel={props.submitLabel} onCancel={props.onClose}>
      <TextInput label={props.label} required dir="auto" data-autofocus {...form.getInputProps(props.field)} />
    </Form>
  );
}

/** Asks for one of several: the target of a move or of a merger. */
export function ChooseDialog(
  props: Common & {
    field: "parentId" | "targetId";
    label: string;
    explanation?: ReactNode;
    choices: Choice[];
    initial?: string;
    /** What choosing nothing means; where it is not given, something has to be chosen. */
    none?: string;
    danger?: boolean;
    onSend: (id: string | null) => Promise<unknown>;
  },
) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {(close) => <ChooseForm {...props} close={close} />}
    </Dialog>
  );
}

function ChooseForm(props: Parameters<typeof ChooseDialog>[0] & { close: Close }) {
  const form = useForm<Record<string, string>>({
    initialValues: { [props.field]: props.initial ?? "" },
    validate: { [props.field]: (value) => (value === "" && props.none === undefined ? "Choose one." : null) },
  });
  const submission = useSubmission(form, async (values) => {
    const id = values[props.field] ?? "";
    await props.onSend(id === "" ? null : id);
    announceDone(props.done);
    props.close(props.danger);
  });
  return (
    <Form submission={submission} submitLabel={props.submitLabel} onCancel={props.close} danger={props.danger === true}>
      <Stack>
        {props.explanation !== undefined && <Text size="sm">{props.explanation}</Text>}
        <NativeSelect
          label={props.label}
          required={props.none === undefined}
          data={[{ value: "", label: props.none ?? "Choose…" }, ...props.choices]}
          data-autofocus
          {...form.getInputProps(props.field)}
        />
      </Stack>
    </Form>
  );
}

/** Asks whether something is really to be done. */
export function ConfirmDialog(
  props: Common & {
    /** Whether something is lost by it; it is unless it says otherwise. */
    danger?: boolean;
    /** Puts the focus where one goes on from, if that is not the page's heading. */
    goOn?: () => void;
    children: ReactNode;
    onSend: () => Promise<unknown>;
  },
) {
  return (
    <Dialog title={props.title} onClose={props.onClose} goOn={props.goOn}>
      {(close) => <ConfirmForm {...props} close={close} />}
    </Dialog>
  );
}

function ConfirmForm(props: Parameters<typeof ConfirmDialog>[0] & { close: Close }) {
  const form = useForm<Record<string, never>>({ initialValues: {} });
  const submission = useSubmission(form, async () => {
    await props.onSend();
    announceDone(props.done);
    props.close(true);
  });
  return (
    <Form
      submission={submission}
      submitLabel={props.submitLabel}
      danger={props.danger !== false}
      cancelFirst
      onCancel={props.close}
    >
      <Text size="sm">{props.children}</Text>
    </Form>
  );
}
