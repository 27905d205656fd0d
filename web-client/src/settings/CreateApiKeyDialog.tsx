import { useApolloClient, useMutation } from "@apollo/client/react";
import { Alert, Button, Checkbox, Code, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { ApiKeysDocument, CreateApiKeyDocument, type Permission } from "../generated/graphql.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { type Close, Dialog } from "../ui/Dialog.tsx";
import { Form, useSubmission } from "../ui/form.tsx";
import { AlertIcon } from "../ui/icons.tsx";
import { expiryAfter, lifetimes } from "./expiry.ts";
import { programPermissions } from "./permissions.ts";

/** Makes an API key and shows its token, which is never shown again. */
export function CreateApiKeyDialog({ onClose }: { onClose: () => void }) {
  const [token, setToken] = useState<string | null>(null);
  return (
    <Dialog title={token === null ? "New API key" : "Keep the API key"} onClose={onClose}>
      {(close) =>
        token === null ? <CreateForm onCreated={setToken} close={close} /> : <Token token={token} close={close} />
      }
    </Dialog>
  );
}

interface Values {
  name: string;
  permissions: Permission[];
  expiresAt: string;
}

function CreateForm({ onCreated, close }: { onCreated: (token: string) => void; close: Close }) {
  const client = useApolloClient();
  // The token is not left in the cache.
  const [create] = useMutation(CreateApiKeyDocument, { fetchPolicy: "no-cache" });
  const form = useForm<Values>({
    initialValues: { name: "", permissions: ["READ_DIRECTORY"], expiresAt: "90" },
    validate: {
      name: (value) => (value.trim() === "" ? "Enter a name." : null),
      permissions: (value) => (value.length === 0 ? "Choose what the key may do." : null),
    },
  });
  const submission = useSubmission(form, async ({ name, permissions, expiresAt }) => {
    const { data } = await create({
      variables: { input: { name: name.trim(), permissions, expiresAt: expiryAfter(expiresAt, new Date()) } },
    });
    if (data !== undefined) onCreated(data.createApiKey.token);
    await client.refetchQueries({ include: [ApiKeysDocument] });
  });
  return (
    <Form submission={submission} submitLabel="Create" label="New API key" onCancel={() => close()}>
      <Stack>
        <TextInput
          label="Name"
          description="What uses it: Payroll, for instance"
          dir="auto"
          required
          data-autofocus
          {...form.getInputProps("name")}
        />
        <NativeSelect label="Works for" data={[...lifetimes]} {...form.getInputProps("expiresAt")} />
        <Checkbox.Group label="What it may do" required {...form.getInputProps("permissions")}>
          <Stack gap="md" mt="xs">
            {programPermissions.map(({ title, permissions }) => (
              <fieldset key={title} className="group">
                <legend className="small-legend">{title}</legend>
                <Stack gap="xs">
                  {permissions.map(([permission, label]) => (
                    <Checkbox key={permission} value={permission} label={label} />
                  ))}
                </Stack>
              </fieldset>
            ))}
          </Stack>
        </Checkbox.Group>
      </Stack>
    </Form>
  );
}

function Token({ token, close }: { token: string; close: Close }) {
  return (
    <Stack>
      <Alert color="indigo" variant="light" icon={<AlertIcon />} role="status">
        This is the only time that the key is shown. Whoever has it may do what it allows.
      </Alert>
      <Code block className="secret" aria-label="API key">
        {token}
      </Code>
      <div className="actions">
        <CopyButton content={token} label="Copy" />
        <Button onClick={() => close()}>Done</Button>
      </div>
    </Stack>
  );
}
