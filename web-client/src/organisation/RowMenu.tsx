import { ActionIcon, Menu } from "@mantine/core";
import { MoreIcon } from "../ui/icons.tsx";

/** What can be done with one row; nothing, where that is nothing. */
export function RowMenu(props: { name: string; items: { label: string; danger?: boolean; onClick: () => void }[] }) {
  if (props.items.length === 0) return null;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" c="inherit" size="lg" aria-label={`Actions for ${props.name}`}>
          <MoreIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {props.items.map(({ label, danger, onClick }) => (
          <Menu.Item key={label} onClick={onClick} {...(danger === true ? { c: "var(--mantine-color-error)" } : {})}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
