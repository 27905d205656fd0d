import { Anchor, Button, Loader, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { CurrentPasswordInput } from "../account/NewPasswordInput.tsx";
import type { Problem } from "../api/problem.ts";
import { readProblem } from "../api/read-problem.ts";
import { request } from "../api/request.ts";
import { ConfirmSignUpDocument, OpenSignUpDocument, type OpenSignUpQuery } from "../generated/platform.ts";
import { useDoor } from "../session/context.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { useFragment } from "../session/fragment.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { ErrorState } from "../ui/states.tsx";
import { useApexKeeper } from "./context.ts";
import { grantOf } from "./session.ts";
import { forgetKey, keptKey } from "./sign-up.ts";
import { SlugInput } from "./SlugInput.tsx";

type Open = NonNullable<OpenSignUpQuery["openSignUp"]>;

type State =
  | { kind: "asking" }
  | { kind: "refused"; problem: Problem }
  | { kind: "gone" }
  | { kind: "open"; signUp: Open }
  | { kind: "ready"; name: string; url: string };

/** Where the mail of a sign-up leads. */
export function ConfirmSignUpPage() {
  const door = useDoor();
  const token = useFragment();
  const [state, setState] = useState<State>({ kind: "asking" });

  useEffect(() => {
    let abandoned = false;
    request(door.address, OpenSignUpDocument, { token }).then(
      ({ openSignUp }) => {
        if (abandoned) return;
        if (openSignUp === null) setState({ kind: "gone" });
        else if (openSignUp.url !== null)
          setState({ kind: "ready", name: openSignUp.organisation, url: openSignUp.url });
        else setState({ kind: "open", signUp: openSignUp });
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
        <DoorFrame title="Confirm your organisation">
          <div role="status">
            <Loader size="sm" aria-hidden="true" /> One moment…
          </div>
        </DoorFrame>
      );
    case "refused":
      return (
        <DoorFrame title="Confirm your organisation">
          <ErrorState problem={state.problem} />
        </DoorFrame>
      );
    case "gone":
      return (
        <DoorFrame title="This link is not good any more">
          <Text size="sm">It is good for a day. Please set your organisation up again.</Text>
          <Anchor component={Link} to="/sign-up" size="sm" mt="lg" display="inline-block">
            Set up an organisation
          </Anchor>
        </DoorFrame>
      );
    case "ready":
      return (
        <DoorFrame
          title="Your organisation is ready"
          heading={
            <>
              <bdi>{state.name}</bdi> is ready
            </>
          }
        >
          <Text size="sm">Sign in there with the password of your account.</Text>
          <Button component="a" href={state.url} mt="md">
            Go there
          </Button>
        </DoorFrame>
      );
    case "open":
      return (
        <DoorFrame
          title="Confirm your organisation"
          heading={
            <>
              Set up <bdi>{state.signUp.organisation}</bdi>
            </>
          }
          subtitle={
            <>
              Its owner is <bdi>{state.signUp.email}</bdi>. If it was not you who asked for it, go no further.
            </>
          }
        >
          <ConfirmForm
            token={token}
            signUp={state.signUp}
            onReady={(name, url) => setState({ kind: "ready", name, url })}
          />
        </DoorFrame>
      );
  }
}

function ConfirmForm(props: { token: string; signUp: Open; onReady: (name: string, url: string) => void }) {
  const { token, signUp } = props;
  const door = useDoor();
  const keeper = useApexKeeper();
  // Where it was not asked for in this browser, the password shows that it was this person who asked.
  const [key] = useState(() => keptKey(localStorage));
  const [isTaken, setTaken] = useState(false);
  const form = useForm({ initialValues: { password: "", slug: signUp.slug } });
  const [wantsPassword, setWantsPassword] = useState(!signUp.hasAccount && key === null);
  const submission = useSubmission(form, async ({ password, slug }) => {
    const input = {
      token,
      idempotencyKey: key,
      password: wantsPassword ? password : null,
      slug: slug === signUp.slug ? null : slug,
      keepInCookie: true,
    };
    try {
      const { confirmSignUp } = await request(door.address, ConfirmSignUpDocument, { input });
      const { name, url, session } = confirmSignUp;
      forgetKey(localStorage);
      if (session === null) {
        props.onReady(name, url);
        return;
      }
      await keeper.begin(Promise.resolve(grantOf(session)));
      window.location.assign(`${url}/enter`);
    } catch (error) {
      const { field } = readProblem(error);
      if (field === "password") setWantsPassword(true);
      if (field === "slug") setTaken(true);
      throw error;
    }
  });
  return (
    <Form submission={submission} submitLabel="Confirm" label="Confirm your organisation">
      <Stack>
        {signUp.hasAccount && (
          <Text size="sm">You have an account with this address already. It stays yours, with its password.</Text>
        )}
        {isTaken && (
          <SlugInput
            value={form.values.slug}
            error={form.errors["slug"]}
            onChange={(slug) => form.setFieldValue("slug", slug)}
          />
        )}
        {wantsPassword && (
          <>
            {/* For the browser's store of passwords. */}
            <input type="hidden" name="username" autoComplete="username" value={signUp.email} readOnly />
            <CurrentPasswordInput label="The password that you chose" {...form.getInputProps("password")} />
          </>
        )}
      </Stack>
    </Form>
  );
}
