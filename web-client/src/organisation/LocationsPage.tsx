import { useApolloClient, useMutation } from "@apollo/client/react";
import { Anchor, Button, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { Link } from "react-router";
import { forgetLists } from "../api/client.ts";
import { readProblem } from "../api/read-problem.ts";
import {
  CreateLocationDocument,
  DeleteLocationDocument,
  type LocationFieldsFragment,
  RenameLocationDocument,
} from "../generated/graphql.ts";
import { useViewer } from "../session/context.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import { formatCount, formatCountry } from "../ui/format.ts";
import { PlusIcon } from "../ui/icons.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { useLocations } from "./choices.ts";
import { countryChoices, timeZones } from "./countries.ts";
import { ConfirmDialog, NameDialog } from "./dialogs.tsx";
import { RowMenu } from "./RowMenu.tsx";

type Place = LocationFieldsFragment;

/** What is being asked about a location. */
type Question = { kind: "create" } | { kind: "rename" | "delete"; location: Place };

/** The places where people work. */
export function LocationsPage() {
  const viewer = useViewer();
  const { items: locations, error, retry } = useLocations();
  const [question, setQuestion] = useState<Question | null>(null);
  const manages = viewer.permissions.manageOrganisation;

  return (
    <Page
      title="Locations"
      subtitle={locations === undefined ? "\u00a0" : formatCount(locations.length, "location", "locations")}
      actions={
        manages ? (
          <Button leftSection={<PlusIcon />} onClick={() => setQuestion({ kind: "create" })}>
            New location
          </Button>
        ) : undefined
      }
    >
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={retry} />
      ) : locations === undefined ? (
        <LoadingRows rows={5} />
      ) : locations.length === 0 ? (
        <Empty title="There are no locations yet" />
      ) : (
        <LocationTable locations={locations} onAsk={manages ? setQuestion : null} />
      )}
      {question !== null && <QuestionDialog question={question} onClose={() => setQuestion(null)} />}
    </Page>
  );
}

function LocationTable(props: { locations: Place[]; onAsk: ((question: Question) => void) | null }) {
  const { locations, onAsk } = props;
  return (
    <div className="surface surface-flush">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Country</th>
            <th scope="col" className="only-wide">
              Time zone
            </th>
            {onAsk !== null && (
              <th scope="col" className="number">
                Actions
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {locations.map((location) => (
            <tr key={location.id}>
              <th scope="row">
                <Anchor component={Link} to={`/?location=${encodeURIComponent(location.id)}`} size="sm" fw={600}>
                  <bdi>{location.name}</bdi>
                </Anchor>
              </th>
              <td>{formatCountry(location.countryCode)}</td>
              <td className="only-wide">{location.timeZone}</td>
              {onAsk !== null && (
                <td className="number">
                  <RowMenu
                    name={location.name}
                    items={[
                      { label: "Rename", onClick: () => onAsk({ kind: "rename", location }) },
                      { label: "Delete", danger: true, onClick: () => onAsk({ kind: "delete", location }) },
                    ]}
                  />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function QuestionDialog({ question, onClose }: { question: Question; onClose: () => void }) {
  const client = useApolloClient();
  const [rename] = useMutation(RenameLocationDocument);
  const [remove] = useMutation(DeleteLocationDocument);
  const then = async (work: Promise<unknown>) => {
    await work;
    forgetLists(client);
  };

  switch (question.kind) {
    case "create":
      return (
        <Dialog title="New location" onClose={onClose}>
          {(close) => <CreateForm onClose={close} />}
        </Dialog>
      );
    case "rename":
      return (
        <NameDialog
          title={`Rename ${question.location.name}`}
          label="Name"
          field="name"
          initial={question.location.name}
          submitLabel="Rename"
          done="The location has been renamed."
          onSend={(name) => then(rename({ variables: { input: { id: question.location.id, name } } }))}
          onClose={onClose}
        />
      );
    case "delete":
      return (
        <ConfirmDialog
          title={`Delete ${question.location.name}`}
          submitLabel="Delete"
          done="The location has been deleted."
          onSend={() => then(remove({ variables: { id: question.location.id } }))}
          onClose={onClose}
        >
          Delete the location <bdi>{question.location.name}</bdi>? That is possible only when nobody has worked there.
          This cannot be undone.
        </ConfirmDialog>
      );
  }
}

function CreateForm({ onClose }: { onClose: () => void }) {
  const client = useApolloClient();
  const [create] = useMutation(CreateLocationDocument);
  const form = useForm({
    initialValues: { name: "", countryCode: "", timeZone: "" },
    validate: {
      name: (value) => (value.trim() === "" ? "Enter a name." : null),
      countryCode: (value) => (value === "" ? "Choose a country." : null),
      timeZone: (value) => (value === "" ? "Choose a time zone." : null),
    },
  });
  const submission = useSubmission(form, async ({ name, countryCode, timeZone }) => {
    await create({ variables: { input: { name: name.trim(), countryCode, timeZone } } });
    forgetLists(client);
    announceDone("The location has been created.");
    onClose();
  });
  const choose = { value: "", label: "Choose…" };
  return (
    <Form submission={submission} submitLabel="Create" onCancel={onClose}>
      <Stack>
        <TextInput label="Name" required dir="auto" data-autofocus {...form.getInputProps("name")} />
        <NativeSelect
          label="Country"
          required
          data={[choose, ...countryChoices()]}
          {...form.getInputProps("countryCode")}
        />
        <NativeSelect label="Time zone" required data={[choose, ...timeZones()]} {...form.getInputProps("timeZone")} />
      </Stack>
    </Form>
  );
}
