import { useMutation } from "@apollo/client/react";
import { Alert, Button, Text } from "@mantine/core";
import { useState } from "react";
import {
  RemoveAuthenticatorDocument,
  ReplaceRecoveryCodesDocument,
  SetUpAuthenticatorDocument,
} from "../generated/graphql.ts";
import { announceDone } from "../ui/form.tsx";
import { formatInstant } from "../ui/format.ts";
import { AuthenticatorSetUp, type SetUp } from "./AuthenticatorSetUp.tsx";
import { PasswordDialog } from "./PasswordDialog.tsx";
import { RecoveryCodes } from "./RecoveryCodes.tsx";

/** So few recovery codes that it is time for new ones. */
const few = 3;

/** The second factor: an app that shows codes, with recovery codes for the day when it is lost. */
export function Authenticator(props: { confirmedAt: string | null; codesLeft: number; onChange: () => Promise<void> }) {
  const { confirmedAt, codesLeft, onChange } = props;
  const [asking, setAsking] = useState<"set up" | "remove" | "replace" | null>(null);
  const [setUp, setSetUp] = useState<SetUp | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [begin] = useMutation(SetUpAuthenticatorDocument, { fetchPolicy: "no-cache" });
  const [remove] = useMutation(RemoveAuthenticatorDocument);
  const [replace] = useMutation(ReplaceRecoveryCodesDocument, { fetchPolicy: "no-cache" });
  const close = () => setAsking(null);

  if (codes !== null) return <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />;
  if (setUp !== null) {
    return (
      <AuthenticatorSetUp
        setUp={setUp}
        onCancel={() => setSetUp(null)}
        onConfirmed={async (given) => {
          setCodes(given);
          setSetUp(null);
          await onChange();
        }}
      />
    );
  }
  return (
    <>
      {confirmedAt === null ? (
        <>
          <Text size="sm" mb="md">
            With an authenticator app, a password that others have learnt does not let them in: the app shows a code
            that is asked for besides.
          </Text>
          <Button onClick={() => setAsking("set up")}>Set up</Button>
        </>
      ) : (
        <>
          <Text size="sm">
            Asked for besides the password since {formatInstant(confirmedAt)}. Recovery codes left: {codesLeft}.
          </Text>
          {codesLeft <= few && (
            <Alert color="indigo" variant="light" mt="sm">
              Make new recovery codes before you run out of them.
            </Alert>
          )}
          <div className="actions" style={{ marginBlockStart: "1rem" }}>
            <Button variant="default" onClick={() => setAsking("replace")}>
              New recovery codes
            </Button>
            <Button variant="light" color="red" onClick={() => setAsking("remove")}>
              Remove
            </Button>
          </div>
        </>
      )}
      {asking === "set up" && (
        <PasswordDialog
          title="Set up an authenticator"
          submitLabel="Continue"
          hasAuthenticator={false}
          onSend={async ({ password }) => {
            const { data } = await begin({ variables: { input: { password } } });
            // What follows takes this dialog's place before it has faded, and would leave it open.
            close();
            setSetUp(data?.setUpAuthenticator ?? null);
          }}
          onClose={close}
        >
          You need an app that shows codes, on your phone or in your store of passwords.
        </PasswordDialog>
      )}
      {asking === "replace" && (
        <PasswordDialog
          title="New recovery codes"
          submitLabel="Make new ones"
          hasAuthenticator
          onSend={async (input) => {
            const { data } = await replace({ variables: { input } });
            close();
            setCodes(data?.replaceRecoveryCodes.recoveryCodes ?? null);
            await onChange();
          }}
          onClose={close}
        >
          The codes that you have now stop working.
        </PasswordDialog>
      )}
      {asking === "remove" && (
        <PasswordDialog
          title="Remove the authenticator"
          submitLabel="Remove"
          danger
          hasAuthenticator
          onSend={async (input) => {
            await remove({ variables: { input } });
            announceDone("The authenticator has been removed.");
            await onChange();
          }}
          onClose={close}
        >
          From then on the password alone lets you in, and whoever else knows it.
        </PasswordDialog>
      )}
    </>
  );
}
