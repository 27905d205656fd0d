import { useApolloClient, useMutation } from "@apollo/client/react";
import { Anchor, Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { forgetLists } from "../api/client.ts";
import { readProblem } from "../api/read-problem.ts";
import {
  CreatePositionDocument,
  DeletePositionDocument,
  MergePositionsDocument,
  type PositionFieldsFragment,
  RenamePositionDocument,
} from "../generated/graphql.ts";
import { useViewer } from "../session/context.ts";
import { formatCount } from "../ui/format.ts";
import { PlusIcon } from "../ui/icons.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { usePositions } from "./choices.ts";
import { ChooseDialog, ConfirmDialog, NameDialog } from "./dialogs.tsx";
import { RowMenu } from "./RowMenu.tsx";

type Position = PositionFieldsFragment;

/** What is being asked about a position. */
type Question = { kind: "create" } | { kind: "rename" | "merge" | "delete"; position: Position };

/** The positions that people can hold, with how many hold each. */
export function PositionsPage() {
  const viewer = useViewer();
  const { items: positions, error, retry } = usePositions();
  const [question, setQuestion] = useState<Question | null>(null);
  const manages = viewer.permissions.manageOrganisation;

  return (
    <Page
      title="Positions"
      subtitle={positions === undefined ? "\u00a0" : formatCount(positions.length, "position", "positions")}
      actions={
        manages ? (
          <Button leftSection={<PlusIcon />} onClick={() => setQuestion({ kind: "create" })}>
            New position
          </Button>
        ) : undefined
      }
    >
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={retry} />
      ) : positions === undefined ? (
        <LoadingRows rows={8} />
      ) : positions.length === 0 ? (
        <Empty title="There are no positions yet" />
      ) : (
        <PositionTable positions={positions} onAsk={manages ? setQuestion : null} />
      )}
      {question !== null && positions !== undefined && (
        <QuestionDialog question={question} positions={positions} onClose={() => setQuestion(null)} />
      )}
    </Page>
  );
}

function PositionTable(props: { positions: Position[]; onAsk: ((question: Question) => void) | null }) {
  const { positions, onAsk } = props;
  return (
    <div className="surface surface-flush">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Title</th>
            <th scope="col" className="number">
              People
            </th>
            {onAsk !== null && (
              <th scope="col" className="number">
                Actions
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {positions.map((position) => (
            <tr key={position.id}>
              <th scope="row">
                <Anchor component={Link} to={`/?position=${encodeURIComponent(position.id)}`} size="sm" fw={600}>
                  <bdi>{position.title}</bdi>
                </Anchor>
              </th>
              <td className="number">{position.employeeCount}</td>
              {onAsk !== null && (
                <td className="number">
                  <RowMenu
                    name={position.title}
                    items={[
                      { label: "Rename", onClick: () => onAsk({ kind: "rename", position }) },
                      { label: "Merge into another", onClick: () => onAsk({ kind: "merge", position }) },
                      { label: "Delete", danger: true, onClick: () => onAsk({ kind: "delete", position }) },
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

function QuestionDialog(props: { question: Question; positions: Position[]; onClose: () => void }) {
  const { question, positions, onClose } = props;
  const client = useApolloClient();
  const [create] = useMutation(CreatePositionDocument);
  const [rename] = useMutation(RenamePositionDocument);
  const [merge] = useMutation(MergePositionsDocument);
  const [remove] = useMutation(DeletePositionDocument);
  const then = async (work: Promise<unknown>) => {
    await work;
    forgetLists(client);
  };

  if (question.kind === "create") {
    return (
      <NameDialog
        title="New position"
        label="Title"
        field="title"
        submitLabel="Create"
        done="The position has been created."
        onSend={(title) => then(create({ variables: { input: { title } } }))}
        onClose={onClose}
      />
    );
  }
  const { id, title } = question.position;
  switch (question.kind) {
    case "rename":
      return (
        <NameDialog
          title={`Rename ${title}`}
          label="Title"
          field="title"
          initial={title}
          submitLabel="Rename"
          done="The position has been renamed."
          onSend={(newTitle) => then(rename({ variables: { input: { id, title: newTitle } } }))}
          onClose={onClose}
        />
      );
    case "merge":
      return (
        <ChooseDialog
          title={`Merge ${title} into another`}
          label="Into"
          field="targetId"
          explanation={
            <>
              Everyone who holds it gets the other position. Then <bdi>{title}</bdi> is deleted. This cannot be undone.
            </>
          }
          choices={positions
            .filter((position) => position.id !== id)
            .map((position) => ({ value: position.id, label: position.title }))}
          submitLabel="Merge"
          danger
          done="The positions have been merged."
          onSend={(targetId) => then(merge({ variables: { input: { sourceId: id, targetId: targetId ?? "" } } }))}
          onClose={onClose}
        />
      );
    case "delete":
      return (
        <ConfirmDialog
          title={`Delete ${title}`}
          submitLabel="Delete"
          done="The position has been deleted."
          onSend={() => then(remove({ variables: { id } }))}
          onClose={onClose}
        >
          Delete the position <bdi>{title}</bdi>? That is possible only when nobody has held it. This cannot be undone.
        </ConfirmDialog>
      );
  }
}
