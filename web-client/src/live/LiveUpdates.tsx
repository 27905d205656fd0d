import type { ApolloClient } from "@apollo/client";
import type { Client } from "graphql-ws";
import { useEffect } from "react";
import { readProblem } from "../api/read-problem.ts";
import { DepartmentsChangedDocument, EmployeesChangedDocument } from "../generated/graphql.ts";
import { browserClock, keepOpen, type Line } from "./keep-open.ts";
import { refetchShown, refresher } from "./refresh.ts";

/** How long after the connection the server has begun the subscriptions, in milliseconds. */
const begun = 1_000;
/** The codes with which a connection is closed whose access token is not taken, or not any more. */
const refusals: ReadonlySet<number> = new Set([4401, 4403]);

/** Lets what others change appear on the pages without loading them again. Shows nothing itself. */
export function LiveUpdates(props: {
  client: ApolloClient;
  connection: Client;
  /** Called when the server no longer takes the access token. */
  onRefused: () => void;
}) {
  const { client, connection, onRefused } = props;
  useEffect(() => {
    const changed = refresher((operations) => refetchShown(client, operations), browserClock);
    const onGap = () => {
      changed("employees");
      changed("departments");
    };
    return keepOpen((line) => open(client, connection, line, changed, onRefused), onGap, browserClock);
  }, [client, connection, onRefused]);
  return null;
}

function open(
  client: ApolloClient,
  connection: Client,
  line: Line,
  changed: ReturnType<typeof refresher>,
  onRefused: () => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (error?: unknown) => {
    if (error !== undefined && readProblem(error).code === "UNAUTHENTICATED") onRefused();
    line.onEnd();
    // The next try begins with a connection of its own.
    connection.terminate();
  };
  const stops = [
    // What changes between the answer to a question and the beginning of a subscription would be missed: so the
    // question is put a moment after.
    connection.on("connected", () => {
      timer = setTimeout(line.onWorking, begun);
    }),
    connection.on("closed", (event) => {
      if (event instanceof CloseEvent && refusals.has(event.code)) onRefused();
      line.onEnd();
    }),
  ];
  const employees = client.subscribe({ query: EmployeesChangedDocument }).subscribe({
    next: ({ error }) => (error === undefined ? changed("employees") : end(error)),
    error: end,
    complete: () => end(),
  });
  const departments = client.subscribe({ query: DepartmentsChangedDocument }).subscribe({
    next: ({ error }) => (error === undefined ? changed("departments") : end(error)),
    error: end,
    complete: () => end(),
  });
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
    employees.unsubscribe();
    departments.unsubscribe();
  };
}
