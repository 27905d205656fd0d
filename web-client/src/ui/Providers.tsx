import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./theme.css";
import "./styles.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { theme } from "./theme.ts";

/** The component library. It writes no style elements: see theme.css. */
export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      {children}
      <Notifications position="bottom-right" containerWidth={340} />
    </MantineProvider>
  );
}
