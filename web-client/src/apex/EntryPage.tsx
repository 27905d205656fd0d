import { useMutation, useQuery } from "@apollo/client/react";
import { Anchor, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Link, Navigate } from "react-router";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { EnterWorkspaceDocument, WorkspacesDocument } from "../generated/platform.ts";
import { readEntry } from "../session/entry.ts";
import { useFragment } from "../session/fragment.ts";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";

/** Where the page of an organisation asks for the way in: it gets a code for the nonce that it keeps. */
export function EntryPage() {
  const entry = readEntry(useFragment());
  const { data, error } = useQuery(WorkspacesDocument, { fetchPolicy: "network-only" });
  const [enter] = useMutation(EnterWorkspaceDocument, { fetchPolicy: "no-cache" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = useRef(false);
  const workspace = data?.workspaces.find(({ slug }) => slug === entry?.slug);
  const id = workspace?.id;
  const nonce = entry?.nonce;

  useEffect(() => {
    if (id === undefined || nonce === undefined || asked.current) return;
    asked.current = true;
    enter({ variables: { input: { id, nonce } } }).then(
      ({ data }) => {
        if (data !== undefined) window.location.replace(data.enterWorkspace.url);
      },
      (error: unknown) => setProblem(readProblem(error)),
    );
  }, [id, nonce, enter]);

  if (entry === null) return <Navigate to="/" replace />;
  const refused = problem ?? (error === undefined ? null : readProblem(error));
  return (
    <Page title="On the way to your organisation">
      {refused !== null ? (
        <ErrorState problem={refused} />
      ) : data !== undefined && workspace === undefined ? (
        <Empty title="You are not a member of this organisation">
          <Text c="dimmed">Ask one of its administrators to invite you.</Text>
        </Empty>
      ) : (
        <LoadingRows rows={1} />
      )}
      <Anchor component={Link} to="/" size="sm" mt="md" display="inline-block">
        Your organisations
      </Anchor>
    </Page>
  );
}
