import { createTheme, Modal, NativeSelect, Popover, TextInput } from "@mantine/core";

/** What components are told; their colours are in theme.css. */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: 8,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        // Locking would write a style element, which the Content-Security-Policy forbids.
        lockScroll: false,
        closeButtonProps: { "aria-label": "Close" },
        transitionProps: { duration: 120 },
      },
    }),
    NativeSelect: NativeSelect.extend({ defaultProps: { withAsterisk: false } }),
    Popover: Popover.extend({ defaultProps: { transitionProps: { duration: 80 } } }),
    TextInput: TextInput.extend({ defaultProps: { autoComplete: "off" } }),
  },
});
