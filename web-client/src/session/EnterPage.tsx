import { Anchor, Loader } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Link, Navigate } from "react-router";
import { type Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import { EnterDocument } from "../generated/graphql.ts";
import { ErrorState } from "../ui/states.tsx";
import { useDoor, useKeeper } from "./context.ts";
import { DoorFrame } from "./DoorFrame.tsx";
import { useFragment } from "./fragment.ts";

/** Where the apex sends a person: the code in the address is given for a session of this organisation. */
export function EnterPage() {
  const door = useDoor();
  const keeper = useKeeper();
  const code = useFragment();
  const given = useRef<string | null>(null);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    // A code works once: it is not given a second time, whatever React does.
    if (code === "" || given.current === code) return;
    given.current = code;
    const entering = request(door.address, EnterDocument, { input: { code, keepInCookie: true } });
    keeper.begin(entering.then(({ enter }) => enter)).then(
      () => setDone(true),
      (error: unknown) => setProblem(readProblem(error)),
    );
  }, [code, door.address, keeper]);

  if (done || code === "") return <Navigate to="/" replace />;
  return (
    <DoorFrame title="Signing you in">
      {problem === null ? (
        <div role="status">
          <Loader size="sm" aria-hidden="true" /> One moment…
        </div>
      ) : (
        <>
          <ErrorState problem={problem} />
          <Anchor component={Link} to="/" replace mt="md" display="inline-block">
            Sign in here instead
          </Anchor>
        </>
      )}
    </DoorFrame>
  );
}
