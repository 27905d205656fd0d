import { useMutation } from "@apollo/client/react";
import { Button, Code, NativeSelect, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type IdentityProviderFieldsFragment, SetIdentityProviderDocument } from "../generated/graphql.ts";
import { useIsReadOnly } from "../session/context.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { announceDone, Form, useSubmission } from "../ui/form.tsx";
import {
  checks,
  emptyValues,
  mappableRoles,
  providerInput,
  type ProviderValues,
  valuesOf,
} from "./identity-provider.ts";

/** Everything that is to be said about an identity provider. */
export function IdentityProviderForm(props: {
  provider: IdentityProviderFieldsFragment | null;
  onChange: () => Promise<void>;
}) {
  const { provider } = props;
  const isReadOnly = useIsReadOnly();
  const [save] = useMutation(SetIdentityProviderDocument);
  const form = useForm<ProviderValues>({
    initialValues: provider === null ? emptyValues : valuesOf(provider),
    validate: checks,
  });
  const submission = useSubmission(form, async (values) => {
    await save({ variables: { input: providerInput(values) } });
    form.setFieldValue("clientSecret", "");
    announceDone("Saved.");
    await props.onChange();
  });
  return (
    <div className="narrow">
      <div className="surface">
        <Form submission={submission} submitLabel="Save" label="Identity provider" readOnly={isReadOnly}>
          <Stack>
            <TextInput
              label="Name"
              description="As the button says: Continue with …"
              dir="auto"
              required
              {...form.getInputProps("name")}
            />
            <TextInput
              label="Issuer"
              description="The address of the provider, as its documentation calls the issuer"
              placeholder="https://login.example.com"
              type="url"
              required
              {...form.getInputProps("issuer")}
            />
            <TextInput
              label="Client ID"
              description="By which the provider knows Tenantry"
              required
              {...form.getInputProps("clientId")}
            />
            <PasswordInput
              label="Client secret"
              description={
                provider?.hasClientSecret === true
                  ? "There is one. Empty: it stays. It is never shown."
                  : "Empty: the provider asks for none"
              }
              autoComplete="off"
              visibilityToggleButtonProps={{ "aria-label": "Show the secret", tabIndex: 0 }}
              aria-invalid={form.errors["clientSecret"] !== undefined}
              {...form.getInputProps("clientSecret")}
            />
            <TextInput
              label="Audience of tokens"
              description="Programs may use the provider’s tokens for this audience. Empty: they may not."
              {...form.getInputProps("audience")}
            />
            <fieldset className="group">
              <legend>Roles</legend>
              <Stack>
                <TextInput
                  label="Claim"
                  description="The part of the provider’s answer that says what someone is: groups, for instance"
                  {...form.getInputProps("roleClaim")}
                />
                {form.values.roles.map((mapping, index) => (
                  <div className="mapping" key={mapping.key}>
                    <TextInput label={`Value ${index + 1}`} {...form.getInputProps(`roles.${index}.value`)} />
                    <NativeSelect
                      label={`Role ${index + 1}`}
                      data={mappableRoles}
                      {...form.getInputProps(`roles.${index}.role`)}
                    />
                    <Button
                      variant="default"
                      aria-label={`Remove value ${index + 1}`}
                      onClick={() => form.removeListItem("roles", index)}
                    >
                      Remove
                    </Button>
                  </div>
                ))}
                <div>
                  <Button
                    variant="default"
                    onClick={() =>
                      form.insertListItem("roles", { key: String(Math.random()), value: "", role: "EMPLOYEE" })
                    }
                  >
                    Add a value
                  </Button>
                </div>
                <NativeSelect
                  label="Everyone else"
                  description="The role of people for whom none of the values is there"
                  data={[{ value: "", label: "Is not let in" }, ...mappableRoles]}
                  {...form.getInputProps("defaultRole")}
                />
              </Stack>
            </fieldset>
          </Stack>
        </Form>
        {provider !== null && (
          <Stack gap="xs" mt="xl">
            <Text size="sm" fw={600}>
              Enter this address at the provider, as the one to return to:
            </Text>
            <Code block className="secret" aria-label="Address to return to">
              {provider.redirectUri}
            </Code>
            <div>
              <CopyButton content={provider.redirectUri} label="Copy" />
            </div>
          </Stack>
        )}
      </div>
    </div>
  );
}
