import { Menu, useMantineColorScheme } from "@mantine/core";

const schemes = { auto: "Colours of the system", light: "Light", dark: "Dark" } as const;

/** Entries of a menu by which one chooses light or dark. */
export function ColourItems() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (["auto", "light", "dark"] as const).map((scheme) => (
    <Menu.Item
      key={scheme}
      onClick={() => setColorScheme(scheme)}
      aria-current={colorScheme === scheme ? "true" : undefined}
      rightSection={colorScheme === scheme ? "✓" : undefined}
    >
      {schemes[scheme]}
    </Menu.Item>
  ));
}
