import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderPage } from "../test/render.tsx";
import { AccountMenu } from "./AccountMenu.tsx";

const signOut = () => Promise.resolve();

test("an account has its security and GraphiQL", async () => {
  renderPage(<AccountMenu name="Hana Sato" about="hr@acme.test" onSignOut={signOut} />, { answers: {} });
  await userEvent.click(screen.getByRole("button", { name: "Account: Hana Sato" }));
  expect(await screen.findByRole("menuitem", { name: "Security" })).toBeInTheDocument();
  expect(screen.getByRole("menuitem", { name: "GraphiQL" })).toBeInTheDocument();
});

test("an operator who was let in has neither", async () => {
  const menu = <AccountMenu name="Olga Operator" about="Support access" hasAccount={false} onSignOut={signOut} />;
  renderPage(menu, { answers: {} });
  await userEvent.click(screen.getByRole("button", { name: "Account: Olga Operator" }));
  expect(await screen.findByRole("menuitem", { name: "Sign out" })).toBeInTheDocument();
  expect(screen.queryByRole("menuitem", { name: /Security|GraphiQL/ })).not.toBeInTheDocument();
});
