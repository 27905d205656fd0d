import { useMutation } from "@apollo/client/react";
import { Anchor } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Link, Navigate } from "react-router";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { EnterTenantDocument } from "../generated/operator.ts";
import { readEntry } from "../session/entry.ts";
import { useFragment } from "../session/fragment.ts";
import { Page } from "../ui/Page.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";

/** Where the page of an organisation asks for the way in of an operator: it gets a code for the nonce that it keeps. */
export function EntryPage() {
  const entry = readEntry(useFragment());
  const [enter] = useMutation(EnterTenantDocument, { fetchPolicy: "no-cache" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = useRef(false);
  const slug = entry?.slug;
  const nonce = entry?.nonce;

  useEffect(() => {
    if (slug === undefined || nonce === undefined || asked.current) return;
    asked.current = true;
    enter({ variables: { input: { slug, nonce } } }).then(
      ({ data }) => {
        if (data !== undefined) window.location.replace(data.enterTenant.url);
      },
      (error: unknown) => setProblem(readProblem(error)),
    );
  }, [slug, nonce, enter]);

  if (slug === undefined) return <Navigate to="/operator/tenants" replace />;
  return (
    <Page title="On the way to the organisation">
      {problem !== null ? <ErrorState problem={problem} /> : <LoadingRows rows={1} />}
      <Anchor component={Link} to={`/operator/tenants/${slug}`} size="sm" mt="md" display="inline-block">
        Back to the console
      </Anchor>
    </Page>
  );
}
