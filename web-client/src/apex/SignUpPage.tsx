import { Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { NewPasswordInput, passwordCheck } from "../account/NewPasswordInput.tsx";
import { request } from "../api/request.ts";
import { SignUpDocument, SignUpStatusDocument } from "../generated/platform.ts";
import { byChance } from "../session/chance.ts";
import { useDoor } from "../session/context.ts";
import { DoorFrame } from "../session/DoorFrame.tsx";
import { useFragment } from "../session/fragment.ts";
import { Form, useSubmission } from "../ui/form.tsx";
import { formatInstant } from "../ui/format.ts";
import { useSignUpMode } from "./context.ts";
import { keepKey, proposeSlug } from "./sign-up.ts";
import { SlugInput } from "./SlugInput.tsx";

/** How often it is asked whether the link in the mail has been followed, in milliseconds. */
const interval = 5_000;

interface Asked {
  key: string;
  email: string;
  expiresAt: string;
}

/** Where an organisation signs itself up. */
export function SignUpPage() {
  const mode = useSignUpMode();
  // The operator's invitation, by whose link one comes here where not everybody may.
  const invitation = useFragment();
  const [asked, setAsked] = useState<Asked | null>(null);

  if (mode === "CLOSED") {
    return (
      <Refusal>Organisations do not sign up here by themselves. Ask whoever runs this place to set yours up.</Refusal>
    );
  }
  if (mode === "INVITED" && invitation === "") {
    return <Refusal>An organisation signs up here by an invitation. Open the link of yours again.</Refusal>;
  }
  return asked === null ? (
    <SignUpForm invitation={invitation === "" ? null : invitation} onAsked={setAsked} />
  ) : (
    <LookIntoMail asked={asked} />
  );
}

function Refusal({ children }: { children: ReactNode }) {
  return (
    <DoorFrame title="Set up an organisation">
      <Text size="sm">{children}</Text>
      <SignInLink />
    </DoorFrame>
  );
}

function SignInLink() {
  return (
    <Anchor component={Link} to="/" size="sm" mt="lg" display="inline-block">
      Sign in instead
    </Anchor>
  );
}

function SignUpForm({ invitation, onAsked }: { invitation: string | null; onAsked: (asked: Asked) => void }) {
  const door = useDoor();
  const [chosen, setChosen] = useState(false);
  // What was sent is sent again with the same key, and so done once, where the answer was lost.
  const last = useRef({ text: "", key: "" });
  const form = useForm({
    initialValues: { organisation: "", slug: "", ownerName: "", email: "", password: "" },
    validate: {
      organisation: (value) => (value.trim() === "" ? "Enter the name of the organisation." : null),
      slug: (value) => (value === "" ? "Choose an address." : null),
      ownerName: (value) => (value.trim() === "" ? "Enter your name." : null),
      email: (value) => (value.trim() === "" ? "Enter your e-mail address." : null),
      password: passwordCheck,
    },
  });
  const submission = useSubmission(form, async (values) => {
    const text = JSON.stringify(values);
    if (last.current.text !== text) last.current = { text, key: byChance() };
    const { key } = last.current;
    const input = { ...values, email: values.email.trim(), idempotencyKey: key, invitation };
    const { email, expiresAt } = (await request(door.address, SignUpDocument, { input })).signUp;
    keepKey(key, localStorage);
    onAsked({ key, email, expiresAt });
  });
  const organisation = form.getInputProps("organisation");

  return (
    <DoorFrame
      title="Set up an organisation"
      subtitle="With you as its owner. It is ready as soon as you have confirmed it."
    >
      <Form submission={submission} submitLabel="Set up" label="Set up an organisation">
        <Stack>
          <TextInput
            label="Name of the organisation"
            autoComplete="organization"
            dir="auto"
            required
            withAsterisk={false}
            {...organisation}
            onChange={(event) => {
              const { value } = event.currentTarget;
              form.setFieldValue("organisation", value);
              if (!chosen) form.setFieldValue("slug", proposeSlug(value));
            }}
          />
          <SlugInput
            value={form.values.slug}
            error={form.errors["slug"]}
            onChange={(slug) => {
              setChosen(slug !== "");
              form.setFieldValue("slug", slug);
            }}
          />
          <TextInput
            label="Your name"
            autoComplete="name"
            dir="auto"
            required
            withAsterisk={false}
            {...form.getInputProps("ownerName")}
          />
          <TextInput
            label="E-mail address"
            description="We send a link there, by which you confirm that it is yours."
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            {...form.getInputProps("email")}
          />
          <NewPasswordInput label="Password" {...form.getInputProps("password")} />
        </Stack>
      </Form>
      <SignInLink />
    </DoorFrame>
  );
}

function LookIntoMail({ asked }: { asked: Asked }) {
  const url = useConfirmed(asked.key);
  if (url !== null) {
    return (
      <DoorFrame title="Your organisation is ready">
        <Text size="sm">You have confirmed it in another window.</Text>
        <Button component="a" href={url} mt="md">
          Go there
        </Button>
      </DoorFrame>
    );
  }
  return (
    <DoorFrame title="Look into your mail">
      <Stack role="status" gap="xs">
        <Text size="sm">
          A link is on its way to <bdi>{asked.email}</bdi>. Open it to set up your organisation. It is good until{" "}
          {formatInstant(asked.expiresAt)}.
        </Text>
        <Text size="sm">Nothing there? Look among the unwanted mail, and check the address.</Text>
      </Stack>
    </DoorFrame>
  );
}

/** The organisation's address once the link has been followed, here or elsewhere. */
function useConfirmed(key: string): string | null {
  const { address } = useDoor();
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      request(address, SignUpStatusDocument, { idempotencyKey: key }).then(
        ({ signUpStatus }) => setUrl(signUpStatus?.url ?? null),
        // The next look may succeed.
        () => undefined,
      );
    }, interval);
    return () => clearInterval(timer);
  }, [address, key]);
  return url;
}
