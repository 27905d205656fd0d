import { Badge, createTheme, Menu, ModalRoot, TextInput } from "@mantine/core";

/** What components are told; their colours are in theme.css. */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: 8,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Badge: Badge.extend({ defaultProps: { tt: "none" } }),
    Menu: Menu.extend({
      defaultProps: {
        // Inside the page's landmarks, and with nothing but items that take the focus.
        withinPortal: false,
        withInitialFocusPlaceholder: false,
        transitionProps: { duration: 80 },
      },
    }),
    ModalRoot: ModalRoot.extend({
      defaultProps: {
        centered: true,
        // Locking would write a style element, which the Content-Security-Policy forbids.
        lockScroll: false,
        transitionProps: { duration: 120 },
      },
    }),
    TextInput: TextInput.extend({ defaultProps: { autoComplete: "off" } }),
  },
});
