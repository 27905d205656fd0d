import { Alert, Button, Skeleton, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import type { Problem } from "../api/problem.ts";
import { AlertIcon } from "./icons.tsx";

/** Rows in the place of what is being loaded; a screen reader hears one word. */
export function LoadingRows({ rows = 6 }: { rows?: number }) {
  return (
    <div className="surface" role="status">
      <VisuallyHidden>Loading…</VisuallyHidden>
      <Stack gap="md" aria-hidden="true">
        {Array.from({ length: rows }, (_, index) => (
          <Skeleton key={index} height={28} radius="md" />
        ))}
      </Stack>
    </div>
  );
}

/** What is said where a list has nothing. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="surface">
      <Stack align="center" gap="xs" py="xl">
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </div>
  );
}

const titles: Readonly<Partial<Record<Problem["code"], string>>> = {
  UNAUTHENTICATED: "You are signed out",
  FORBIDDEN: "You may not see this",
  NOT_FOUND: "There is no such thing here",
  CONFLICT: "That does not go together with what is there",
  BAD_USER_INPUT: "That cannot be right",
  RATE_LIMITED: "Too many requests",
  TENANT_SUSPENDED: "This organisation is suspended",
  TENANT_PAST_DUE: "This organisation is not available",
  TENANT_READ_ONLY: "Nothing can be changed now",
  TENANT_MAINTENANCE: "This organisation is under maintenance",
  TENANT_DELETING: "This organisation is going to be deleted",
  TENANT_MOVED: "This organisation has a new address",
  TENANT_MIGRATING: "This organisation is being updated",
  TENANT_MISMATCH: "You are signed in to another organisation",
  TENANT_NOT_FOUND: "There is no organisation at this address",
  NETWORK: "No connection to the server",
  INTERNAL: "Something went wrong",
};

/** The heading under which a problem is told. */
export function problemTitle(problem: Problem): string {
  return titles[problem.code] ?? "Something went wrong";
}

/** The sentence for the person, with what an operator needs to find the failure. */
export function ProblemText({ problem }: { problem: Problem }) {
  return (
    <>
      {problem.message}
      {problem.requestId !== null && (
        <Text size="xs" mt={4}>
          If it happens again, give your administrator this number: {problem.requestId}
        </Text>
      )}
    </>
  );
}

/** A part of a page that could not be loaded. */
export function ErrorState({ problem, onRetry }: { problem: Problem; onRetry?: (() => void) | undefined }) {
  return (
    <Alert color="red" variant="light" role="alert" icon={<AlertIcon />} title={problemTitle(problem)}>
      <Stack gap="sm" align="flex-start">
        <div>
          <ProblemText problem={problem} />
        </div>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
