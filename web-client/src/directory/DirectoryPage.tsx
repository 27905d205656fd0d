import { NetworkStatus } from "@apollo/client";
import { useQuery } from "@apollo/client/react";
import { Button, Checkbox, NativeSelect, Text } from "@mantine/core";
import { Link, useSearchParams } from "react-router";
import { readProblem } from "../api/read-problem.ts";
import { DirectoryDocument, type DirectoryQuery } from "../generated/graphql.ts";
import { useChoices } from "../organisation/choices.ts";
import { useViewer } from "../session/context.ts";
import { employmentTypes, formatCount } from "../ui/format.ts";
import { PlusIcon } from "../ui/icons.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { EmployeeTable } from "./EmployeeTable.tsx";
import { FirstSteps } from "./FirstSteps.tsx";
import { SearchField } from "./SearchField.tsx";
import { isFiltered, orders, queryFor, readView, type View, writeView } from "./view.ts";

/** The people of the organisation, as they may be seen: searched, filtered, ordered, page by page. */
export function DirectoryPage() {
  const viewer = useViewer();
  const [parameters, setParameters] = useSearchParams();
  const view = readView(parameters);
  const { data, previousData, error, networkStatus, refetch } = useQuery(DirectoryDocument, {
    variables: queryFor(view),
    fetchPolicy: "cache-and-network",
    notifyOnNetworkStatusChange: true,
  });
  const shown = data ?? previousData;
  const waiting = networkStatus === NetworkStatus.setVariables || networkStatus === NetworkStatus.loading;

  // A change of what is looked for starts at the first page, and takes no entry of its own in the history while typing.
  const change = (changes: Partial<View>, replace = false) =>
    setParameters(writeView({ ...view, cursor: null, ...changes }), { replace });

  return (
    <Page
      title="People"
      subtitle={
        <span role="status">
          {shown === undefined ? "\u00a0" : formatCount(shown.employees.totalCount, "person", "people")}
        </span>
      }
      actions={
        viewer.permissions.manageEmployees ? (
          <Button component={Link} to="/employees/new" leftSection={<PlusIcon />}>
            Hire someone
          </Button>
        ) : undefined
      }
    >
      <Filters view={view} onChange={change} />
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : shown === undefined ? (
        <LoadingRows rows={10} />
      ) : (
        <Results
          page={shown.employees}
          view={view}
          waiting={waiting && data === undefined}
          onTurn={(cursor) => {
            change({ cursor });
            window.scrollTo(0, 0);
          }}
          onClear={() => setParameters(new URLSearchParams())}
        />
      )}
    </Page>
  );
}

function Filters({ view, onChange }: { view: View; onChange: (changes: Partial<View>, replace?: boolean) => void }) {
  const { departments, positions, locations } = useChoices();
  const any = (label: string) => ({ value: "", label });
  return (
    <search className="filters" aria-label="People">
      <SearchField
        search={view.search}
        placeholder="Name, e-mail address or position"
        onChange={(search) => onChange({ search }, true)}
      />
      <NativeSelect
        label="Department"
        value={view.department}
        data={[any("All departments"), ...departments]}
        onChange={(event) => onChange({ department: event.currentTarget.value })}
      />
      <NativeSelect
        label="Position"
        value={view.position}
        data={[any("All positions"), ...positions]}
        onChange={(event) => onChange({ position: event.currentTarget.value })}
      />
      <NativeSelect
        label="Location"
        value={view.location}
        data={[any("All locations"), ...locations]}
        onChange={(event) => onChange({ location: event.currentTarget.value })}
      />
      <NativeSelect
        label="Employment"
        value={view.type}
        data={[any("All kinds"), ...Object.entries(employmentTypes).map(([value, label]) => ({ value, label }))]}
        onChange={(event) => onChange({ type: event.currentTarget.value as View["type"] })}
      />
      <NativeSelect
        label="Status"
        value={view.status}
        data={[
          { value: "ACTIVE", label: "Working here" },
          { value: "TERMINATED", label: "Left" },
        ]}
        onChange={(event) => onChange({ status: event.currentTarget.value as View["status"] })}
      />
      <NativeSelect
        label="Order"
        value={view.order}
        data={Object.entries(orders).map(([value, { label }]) => ({ value, label }))}
        onChange={(event) => onChange({ order: event.currentTarget.value as View["order"] })}
      />
      {view.department !== "" && (
        <Checkbox
          className="wide"
          label="With the departments under it"
          checked={view.subdepartments}
          onChange={(event) => onChange({ subdepartments: event.currentTarget.checked })}
        />
      )}
    </search>
  );
}

function Results(props: {
  page: DirectoryQuery["employees"];
  view: View;
  waiting: boolean;
  onTurn: (cursor: View["cursor"]) => void;
  onClear: () => void;
}) {
  const { page, view } = props;
  const { pageInfo } = page;
  const viewer = useViewer();
  if (page.nodes.length === 0 && !isFiltered(view) && viewer.permissions.manageEmployees) return <FirstSteps />;
  if (page.nodes.length === 0) {
    return (
      <Empty title={isFiltered(view) ? "Nobody matches" : "Nobody works here yet"}>
        {isFiltered(view) && (
          <>
            <Text c="dimmed">Try fewer words or other filters.</Text>
            <Button variant="default" onClick={props.onClear}>
              Show everyone
            </Button>
          </>
        )}
      </Empty>
    );
  }
  // Coming from a page, there is a way back to it, whatever the server can say cheaply.
  const next = pageInfo.hasNextPage || view.cursor?.side === "before" ? pageInfo.endCursor : null;
  const previous = pageInfo.hasPreviousPage || view.cursor?.side === "after" ? pageInfo.startCursor : null;
  return (
    <>
      <div aria-busy={props.waiting} style={props.waiting ? { opacity: 0.6 } : undefined}>
        <EmployeeTable employees={page.nodes} order={view.order} />
      </div>
      {(next !== null || previous !== null) && (
        <nav className="pages" aria-label="Pages of the list">
          <Button
            variant="default"
            disabled={previous === null}
            onClick={() => previous !== null && props.onTurn({ side: "before", at: previous })}
          >
            Previous
          </Button>
          <Button
            variant="default"
            disabled={next === null}
            onClick={() => next !== null && props.onTurn({ side: "after", at: next })}
          >
            Next
          </Button>
        </nav>
      )}
    </>
  );
}
