import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { DocumentTitle } from "../ui/Page.tsx";
import { useDoor } from "./context.ts";

/** What is around every page for those who are not signed in: one box in the middle, with its heading. */
export function DoorFrame(props: {
  title: string;
  /** The heading, where it differs from the title. */
  heading?: ReactNode;
  subtitle?: ReactNode;
  children: ReactNode;
}) {
  const door = useDoor();
  return (
    <main className="centred">
      <DocumentTitle title={props.title} organisation={door.name} />
      <div className="surface">
        <Stack gap={4} mb="lg">
          <img src="/favicon.svg" alt="" width={40} height={40} />
          <Title order={1} size="h2" mt="sm">
            {props.heading ?? props.title}
          </Title>
          <Text c="dimmed" size="sm" component="div">
            {props.subtitle ?? window.location.host}
          </Text>
        </Stack>
        {props.children}
      </div>
    </main>
  );
}
