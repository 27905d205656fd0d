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
import { apexAddress, beginEntry, forSupport, takeNonce } from "./entry.ts";
import { useFragment } from "./fragment.ts";

/**
 * The way in from the apex, and from the console of operators. Without a code it begins: a nonce is kept here, and the apex gives a code for it. With the code in
 * the address it ends: code and nonce are given for a session of this organisation.
 */
export function EnterPage() {
  const door = useDoor();
  const keeper = useKeeper();
  const code = useFragment();
  const { slug } = door;
  const apex = apexAddress(slug, window.location);
  const begins = code === "" || code === forSupport;
  const given = useRef<string | null>(null);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    // A code works once: it is not given a second time, whatever React does.
    if (given.current === code) return;
    given.current = code;
    if (begins) {
      const page = code === forSupport ? "/operator/enter" : "/enter";
      if (slug !== null && apex !== null) window.location.replace(beginEntry(slug, apex, sessionStorage, page));
      return;
    }
    const input = { code, nonce: takeNonce(sessionStorage), keepInCookie: true };
    const entering = request(door.address, EnterDocument, { input });
    keeper.begin(entering.then(({ enter }) => enter)).then(
      () => setDone(true),
      (error: unknown) => setProblem(readProblem(error)),
    );
  }, [code, begins, slug, apex, door.address, keeper]);

  if (done || (begins && apex === null)) return <Navigate to="/" replace />;
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
