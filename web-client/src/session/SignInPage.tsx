import { PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { DocumentTitle } from "../ui/Page.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { useKeeper } from "./context.ts";

/** Asks who the person is. It stands at any address, so that the page they came for appears afterwards. */
export function SignInPage({ organisation }: { organisation: string }) {
  const keeper = useKeeper();
  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: {
      email: (value) => (value.trim() === "" ? "Enter your e-mail address." : null),
      password: (value) => (value === "" ? "Enter your password." : null),
    },
  });
  const submission = useSubmission(form, ({ email, password }) => keeper.signIn(email.trim(), password));

  return (
    <main className="centred">
      <DocumentTitle title="Sign in" organisation={organisation} />
      <div className="surface">
        <Stack gap={4} mb="lg">
          <img src="/favicon.svg" alt="" width={40} height={40} />
          <Title order={1} size="h2" mt="sm">
            Sign in to <bdi>{organisation}</bdi>
          </Title>
          <Text c="dimmed" size="sm">
            {window.location.host}
          </Text>
        </Stack>
        <Form submission={submission} submitLabel="Sign in" label="Sign in">
          <Stack>
            <TextInput
              label="E-mail address"
              type="email"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
              {...form.getInputProps("email")}
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
              {...form.getInputProps("password")}
            />
          </Stack>
        </Form>
      </div>
    </main>
  );
}
