import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { ReadOnlyContext } from "../session/context.ts";
import { provider } from "../test/identity-provider.ts";
import { owner, renderPage } from "../test/render.tsx";
import { SignInSettingsPage } from "./SignInSettingsPage.tsx";

function renderReadOnly(identityProvider: typeof provider | null) {
  const page = (
    <ReadOnlyContext value={true}>
      <SignInSettingsPage />
    </ReadOnlyContext>
  );
  renderPage(page, { viewer: owner, answers: { identityProvider: () => identityProvider } });
}

test("where nothing can be changed, a provider is shown and can be removed alone", async () => {
  renderReadOnly(provider);
  expect(await screen.findByRole("textbox", { name: /^Issuer/ })).toHaveValue("https://login.example.com");
  for (const input of [...screen.getAllByRole("textbox"), ...screen.getAllByRole("combobox")]) {
    expect(input).toBeDisabled();
  }
  expect(screen.getByRole("button", { name: "Add a value" })).toBeDisabled();
  expect(screen.getByText("Nothing of this can be changed now.")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Save" })).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Remove" })).toBeEnabled();
});

test("where nothing can be changed, none is asked for", async () => {
  renderReadOnly(null);
  expect(await screen.findByText("No identity provider is set up")).toBeInTheDocument();
  expect(screen.queryByRole("textbox")).not.toBeInTheDocument();
});
