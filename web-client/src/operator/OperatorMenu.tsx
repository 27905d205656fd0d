import { Button, Menu } from "@mantine/core";
import { ColourItems } from "../account/ColourItems.tsx";
import { initials } from "../ui/format.ts";
import { ChevronIcon } from "../ui/icons.tsx";
import type { Operator } from "./session.ts";

/** Who is signed in to the console, and the way out. */
export function OperatorMenu({ operator, onSignOut }: { operator: Operator; onSignOut: () => Promise<void> }) {
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          c="inherit"
          rightSection={<ChevronIcon />}
          aria-label={`Operator: ${operator.name}`}
        >
          <bdi className="only-wide">{operator.name}</bdi>
          <span className="only-narrow">{initials(operator.name)}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{operator.email}</bdi> · {operator.role === "ADMIN" ? "Administrator" : "Viewer"}
        </Menu.Label>
        <ColourItems />
        <Menu.Divider />
        <Menu.Item
          onClick={() => {
            // Signed out here in any case; the server's session also ends by itself.
            onSignOut().catch(() => undefined);
          }}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
