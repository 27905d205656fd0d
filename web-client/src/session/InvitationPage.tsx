import { Button, Loader, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router";
import { type Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import { NewPasswordInput, passwordCheck } from "../account/NewPasswordInput.tsx";
import { AcceptInvitationDocument, InvitationDocument, type InvitationQuery } from "../generated/graphql.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { formatInstant, roles } from "../ui/format.ts";
import { ErrorState } from "../ui/states.tsx";
import { useDoor, useKeeper } from "./context.ts";
import { DoorFrame } from "./DoorFrame.tsx";
import { useFragment } from "./fragment.ts";

type Preview = NonNullable<InvitationQuery["invitation"]>;

type State =
  | { kind: "asking" }
  | { kind: "refused"; problem: Problem }
  | { kind: "gone" }
  | { kind: "open"; invitation: Preview }
  | { kind: "joined" };

/** Where the mail of an invitation leads. */
export function InvitationPage() {
  const door = useDoor();
  const token = useFragment();
  const [state, setState] = useState<State>({ kind: "asking" });

  useEffect(() => {
    let abandoned = false;
    request(door.address, InvitationDocument, { token }).then(
      ({ invitation }) => {
        if (!abandoned) setState(invitation === null ? { kind: "gone" } : { kind: "open", invitation });
      },
      (error: unknown) => {
        if (!abandoned) setState({ kind: "refused", problem: readProblem(error) });
      },
    );
    return () => {
      abandoned = true;
    };
  }, [door.address, token]);

  switch (state.kind) {
    case "asking":
      return (
        <DoorFrame title="Invitation">
          <div role="status">
            <Loader size="sm" aria-hidden="true" /> One moment…
          </div>
        </DoorFrame>
      );
    case "refused":
      return (
        <DoorFrame title="Invitation">
          <ErrorState problem={state.problem} />
        </DoorFrame>
      );
    case "gone":
      return (
        <DoorFrame title="This invitation is not open any more">
          <Text size="sm">
            It was accepted, withdrawn or replaced by a newer one, or its time is over. Ask whoever invited you for
            another.
          </Text>
          <SignInLink />
        </DoorFrame>
      );
    case "joined":
      return (
        <DoorFrame title="Welcome" subtitle={<>You are a member of {door.name} now.</>}>
          <Text size="sm">Sign in with the password that you have already.</Text>
          <SignInLink />
        </DoorFrame>
      );
    case "open":
      return (
        <DoorFrame
          title="Invitation"
          heading={
            <>
              Join <bdi>{door.name}</bdi>
            </>
          }
          subtitle={
            <>
              <bdi>{state.invitation.invitedBy}</bdi> invites <bdi>{state.invitation.email}</bdi> as:{" "}
              {roles[state.invitation.role]}. The invitation is open until {formatInstant(state.invitation.expiresAt)}.
            </>
          }
        >
          {state.invitation.hasAccount ? (
            <JoinForm token={token} onJoined={() => setState({ kind: "joined" })} />
          ) : (
            <NewAccountForm token={token} email={state.invitation.email} />
          )}
        </DoorFrame>
      );
  }
}

function SignInLink() {
  return (
    <Button component={Link} to="/" mt="md">
      Sign in
    </Button>
  );
}

/** For someone who has an account already: of another organisation, or of this one before. */
function JoinForm({ token, onJoined }: { token: string; onJoined: () => void }) {
  const door = useDoor();
  const form = useForm<Record<string, never>>({ initialValues: {} });
  const submission = useSubmission(form, async () => {
    await request(door.address, AcceptInvitationDocument, { input: { token, keepInCookie: true } });
    onJoined();
  });
  return (
    <Form submission={submission} submitLabel="Accept" label="Accept the invitation">
      <Text size="sm">You have an account with this address already. It stays yours, with its password.</Text>
    </Form>
  );
}

function NewAccountForm({ token, email }: { token: string; email: string }) {
  const door = useDoor();
  const keeper = useKeeper();
  const navigate = useNavigate();
  const form = useForm({
    initialValues: { name: "", password: "" },
    validate: {
      name: (value) => (value.trim() === "" ? "Enter your name." : null),
      password: passwordCheck,
    },
  });
  const submission = useSubmission(form, async ({ name, password }) => {
    const input = { token, name: name.trim(), password, keepInCookie: true };
    const { session } = (await request(door.address, AcceptInvitationDocument, { input })).acceptInvitation;
    // Without a session the account was there already; one signs in as usual.
    if (session !== null) await keeper.begin(Promise.resolve(session));
    await navigate("/", { replace: true });
  });
  return (
    <Form submission={submission} submitLabel="Join" label="Accept the invitation">
      <Stack>
        {/* For the browser's store of passwords. */}
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <TextInput
          label="Your name"
          autoComplete="name"
          dir="auto"
          required
          withAsterisk={false}
          {...form.getInputProps("name")}
        />
        <NewPasswordInput label="Password" {...form.getInputProps("password")} />
      </Stack>
    </Form>
  );
}
