import { useApolloClient, useMutation } from "@apollo/client/react";
import { ActionIcon, Anchor, Button, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { forgetLists } from "../api/client.ts";
import { readProblem } from "../api/read-problem.ts";
import {
  CreateDepartmentDocument,
  DeleteDepartmentDocument,
  type DepartmentFieldsFragment,
  MergeDepartmentsDocument,
  MoveDepartmentDocument,
  RenameDepartmentDocument,
} from "../generated/graphql.ts";
import { useViewer } from "../session/context.ts";
import { formatCount } from "../ui/format.ts";
import { ChevronIcon, PlusIcon } from "../ui/icons.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { departmentChoices, useDepartments } from "./choices.ts";
import { ChooseDialog, ConfirmDialog, NameDialog } from "./dialogs.tsx";
import { RowMenu } from "./RowMenu.tsx";
import { type DepartmentNode, departmentTree, within } from "./tree.ts";

type Department = DepartmentFieldsFragment;

/** What is being asked about a department. */
type Question =
  | { kind: "create"; parent: Department | null }
  | { kind: "rename" | "move" | "merge" | "delete"; department: Department };

/** The departments as a tree, with how many people work in each. */
export function DepartmentsPage() {
  const viewer = useViewer();
  const { items: departments, error, retry } = useDepartments();
  const [question, setQuestion] = useState<Question | null>(null);
  const manages = viewer.permissions.manageOrganisation;
  const ask = manages ? setQuestion : null;

  return (
    <Page
      title="Departments"
      subtitle={departments === undefined ? "\u00a0" : formatCount(departments.length, "department", "departments")}
      actions={
        manages ? (
          <Button leftSection={<PlusIcon />} onClick={() => setQuestion({ kind: "create", parent: null })}>
            New department
          </Button>
        ) : undefined
      }
    >
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={retry} />
      ) : departments === undefined ? (
        <LoadingRows rows={8} />
      ) : departments.length === 0 ? (
        <Empty title="There are no departments yet" />
      ) : (
        <div className="surface surface-tree">
          <ul className="tree">
            {departmentTree(departments).map((node) => (
              <Branch key={node.department.id} node={node} onAsk={ask} />
            ))}
          </ul>
        </div>
      )}
      {question !== null && departments !== undefined && (
        <QuestionDialog question={question} departments={departments} onClose={() => setQuestion(null)} />
      )}
    </Page>
  );
}

function Branch({ node, onAsk }: { node: DepartmentNode; onAsk: ((question: Question) => void) | null }) {
  const { department, children, total } = node;
  const [open, setOpen] = useState(true);
  return (
    <li>
      <div className="tree-row">
        {children.length > 0 ? (
          <ActionIcon
            className="tree-toggle"
            variant="subtle"
            color="gray"
            c="inherit"
            aria-expanded={open}
            aria-label={`Departments under ${department.name}`}
            onClick={() => setOpen(!open)}
          >
            <ChevronIcon />
          </ActionIcon>
        ) : (
          <span className="tree-toggle" />
        )}
        <span className="grow">
          <Anchor component={Link} to={`/?department=${encodeURIComponent(department.id)}`} size="sm" fw={600}>
            <bdi>{department.name}</bdi>
          </Anchor>
        </span>
        <Text size="sm" c="dimmed">
          <span className="only-wide">
            {formatCount(total, "person", "people")}
            {children.length > 0 && department.employeeCount !== total && ` · ${department.employeeCount} directly`}
          </span>
          <span className="only-narrow">{total}</span>
        </Text>
        {onAsk !== null && (
          <RowMenu
            name={department.name}
            items={[
              { label: "New department under it", onClick: () => onAsk({ kind: "create", parent: department }) },
              { label: "Rename", onClick: () => onAsk({ kind: "rename", department }) },
              { label: "Move", onClick: () => onAsk({ kind: "move", department }) },
              { label: "Merge into another", onClick: () => onAsk({ kind: "merge", department }) },
              { label: "Delete", danger: true, onClick: () => onAsk({ kind: "delete", department }) },
            ]}
          />
        )}
      </div>
      {open && children.length > 0 && (
        <ul>
          {children.map((child) => (
            <Branch key={child.department.id} node={child} onAsk={onAsk} />
          ))}
        </ul>
      )}
    </li>
  );
}

function QuestionDialog(props: { question: Question; departments: Department[]; onClose: () => void }) {
  const { question, departments, onClose } = props;
  const client = useApolloClient();
  const [create] = useMutation(CreateDepartmentDocument);
  const [rename] = useMutation(RenameDepartmentDocument);
  const [move] = useMutation(MoveDepartmentDocument);
  const [merge] = useMutation(MergeDepartmentsDocument);
  const [remove] = useMutation(DeleteDepartmentDocument);
  const then = async (work: Promise<unknown>) => {
    await work;
    forgetLists(client);
  };

  if (question.kind === "create") {
    const { parent } = question;
    return (
      <NameDialog
        title={parent === null ? "New department" : `New department under ${parent.name}`}
        label="Name"
        field="name"
        submitLabel="Create"
        done="The department has been created."
        onSend={(name) => then(create({ variables: { input: { name, parentId: parent?.id ?? null } } }))}
        onClose={onClose}
      />
    );
  }
  const { id, name, parent } = question.department;
  const choices = departmentChoices(departments);
  switch (question.kind) {
    case "rename":
      return (
        <NameDialog
          title={`Rename ${name}`}
          label="Name"
          field="name"
          initial={name}
          submitLabel="Rename"
          done="The department has been renamed."
          onSend={(newName) => then(rename({ variables: { input: { id, name: newName } } }))}
          onClose={onClose}
        />
      );
    case "move": {
      const inside = within(departmentTree(departments), id);
      return (
        <ChooseDialog
          title={`Move ${name}`}
          label="Under"
          field="parentId"
          none="No department: to the top"
          initial={parent?.id ?? ""}
          choices={choices.filter(({ value }) => !inside.has(value))}
          submitLabel="Move"
          done="The department has been moved."
          onSend={(parentId) => then(move({ variables: { input: { id, parentId } } }))}
          onClose={onClose}
        />
      );
    }
    case "merge":
      return (
        <ChooseDialog
          title={`Merge ${name} into another`}
          label="Into"
          field="targetId"
          explanation={
            <>
              Its people and the departments under it go to the other one. Then <bdi>{name}</bdi> is deleted. This
              cannot be undone.
            </>
          }
          choices={choices.filter(({ value }) => value !== id)}
          submitLabel="Merge"
          danger
          done="The departments have been merged."
          onSend={(targetId) => then(merge({ variables: { input: { sourceId: id, targetId: targetId ?? "" } } }))}
          onClose={onClose}
        />
      );
    case "delete":
      return (
        <ConfirmDialog
          title={`Delete ${name}`}
          submitLabel="Delete"
          done="The department has been deleted."
          onSend={() => then(remove({ variables: { id } }))}
          onClose={onClose}
        >
          Delete the department <bdi>{name}</bdi>? That is possible only when nobody has worked in it and no department
          is under it. This cannot be undone.
        </ConfirmDialog>
      );
  }
}
