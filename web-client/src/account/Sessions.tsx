import { useMutation } from "@apollo/client/react";
import { Badge, Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import {
  EndOtherSessionsDocument,
  EndSessionDocument,
  type AccountSessionFieldsFragment,
} from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { formatInstant } from "../ui/format.ts";
import { browserName } from "./browser-name.ts";

type Session = AccountSessionFieldsFragment;

/** How a session began, for people. */
const methods: Readonly<Record<string, string>> = {
  PASSWORD: "by password",
  SECOND_FACTOR: "by password and authenticator",
  PASSKEY: "by passkey",
  ENTRY_CODE: "from the list of organisations",
  INVITATION: "by accepting an invitation",
  IDENTITY_PROVIDER: "by the organisation’s identity provider",
  SIGN_UP: "by confirming that an organisation signs up",
};

/** Where the account is signed in, each with a way to end it. */
export function Sessions({ sessions, onChange }: { sessions: Session[]; onChange: () => Promise<void> }) {
  const [ending, setEnding] = useState<Session | "others" | null>(null);
  const [end] = useMutation(EndSessionDocument);
  const [endOthers] = useMutation(EndOtherSessionsDocument);
  const others = sessions.filter(({ current }) => !current);

  return (
    <>
      <ul className="plain-list">
        {sessions.map((session) => (
          <li key={session.id}>
            <Group justify="space-between" align="flex-start" gap="sm">
              <div className="grow">
                <Text size="sm" fw={600} component="div">
                  {nameOf(session)} {session.current && <Badge variant="light">This one</Badge>}
                </Text>
                <Text size="xs" c="dimmed">
                  {[
                    session.tenantName ?? "The list of organisations",
                    session.address ?? "",
                    methods[session.method] ?? "",
                  ]
                    .filter((part) => part !== "")
                    .join(" · ")}
                </Text>
                <Text size="xs" c="dimmed">
                  Last used {formatInstant(session.lastUsedAt)}, since {formatInstant(session.createdAt)}
                </Text>
              </div>
              {!session.current && (
                <Button
                  variant="default"
                  size="xs"
                  aria-label={`End the session of ${nameOf(session)}`}
                  onClick={() => setEnding(session)}
                >
                  End
                </Button>
              )}
            </Group>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <Button variant="light" color="red" mt="lg" onClick={() => setEnding("others")}>
          Sign out everywhere else
        </Button>
      )}
      {ending !== null && (
        <ConfirmDialog
          title={ending === "others" ? "Sign out everywhere else" : "End this session"}
          submitLabel={ending === "others" ? "Sign out" : "End"}
          done={ending === "others" ? "You are signed out everywhere else." : "The session has been ended."}
          onSend={async () => {
            if (ending === "others") await endOthers();
            else await end({ variables: { id: ending.id } });
            await onChange();
          }}
          onClose={() => setEnding(null)}
        >
          {ending === "others"
            ? "Every other browser and program that is signed in with your account has to sign in again."
            : `${nameOf(ending)} has to sign in again.`}
        </ConfirmDialog>
      )}
    </>
  );
}

function nameOf(session: Session): string {
  return browserName(session.userAgent ?? "");
}
