import { useQuery } from "@apollo/client/react";
import { Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { readProblem } from "../api/read-problem.ts";
import { SecurityDocument } from "../generated/graphql.ts";
import { Page } from "../ui/Page.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { Authenticator } from "./Authenticator.tsx";
import { Passkeys } from "./Passkeys.tsx";
import { PasswordForm } from "./PasswordForm.tsx";
import { Sessions } from "./Sessions.tsx";

/** What keeps others out of one's account: the same on a tenant's host and on the apex. */
export function SecurityPage() {
  const { data, error, refetch } = useQuery(SecurityDocument, { fetchPolicy: "cache-and-network" });
  const again = async () => {
    await refetch();
  };
  const security = data?.security;
  return (
    <Page title="Security" subtitle="Of your account, in every organisation that you belong to">
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void again().catch(() => undefined)} />
      ) : security == null ? (
        <LoadingRows />
      ) : (
        <Stack className="narrow" gap="lg">
          <Part title="Where you are signed in">
            <Sessions sessions={security.sessions} onChange={again} />
          </Part>
          <Part title="Password">
            <PasswordForm onChange={again} />
          </Part>
          <Part title="Authenticator">
            <Authenticator
              confirmedAt={security.authenticatorConfirmedAt}
              codesLeft={security.recoveryCodesLeft}
              onChange={again}
            />
          </Part>
          <Part title="Passkeys">
            <Passkeys
              passkeys={security.passkeys}
              hasAuthenticator={security.authenticatorConfirmedAt !== null}
              onChange={again}
            />
          </Part>
        </Stack>
      )}
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="surface" aria-label={title}>
      <Title order={2} size="h4" mb="md">
        {title}
      </Title>
      {children}
    </section>
  );
}
