import { Button, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { ColourItems } from "../account/ColourItems.tsx";
import { ChevronIcon } from "../ui/icons.tsx";

/** Who is signed in, and what belongs to them: on a tenant's host and on the apex. */
export function AccountMenu(props: {
  name: string;
  about: ReactNode;
  /** Entries of this host alone. */
  children?: ReactNode;
  /**
   * Whether it is an account, which has a password and sessions; an operator who was let in has none here, and stays on the pages
   * that say so.
   */
  hasAccount?: boolean;
  onSignOut: () => Promise<void>;
}) {
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          c="inherit"
          rightSection={<ChevronIcon />}
          aria-label={`Account: ${props.name}`}
        >
          <bdi>{props.name}</bdi>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{props.about}</Menu.Label>
        {props.children}
        {props.hasAccount !== false && (
          <>
            <Menu.Item component={Link} to="/security">
              Security
            </Menu.Item>
            <Menu.Item component="a" href="/graphiql">
              GraphiQL
            </Menu.Item>
            <Menu.Divider />
          </>
        )}
        <ColourItems />
        <Menu.Divider />
        <Menu.Item
          onClick={() => {
            // Signed out here in any case; the server's session also ends by itself.
            props.onSignOut().catch(() => undefined);
          }}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
