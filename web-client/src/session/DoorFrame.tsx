import { Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { DocumentTitle } from "../ui/Page.tsx";
import { useDoor } from "./context.ts";

/** What stood in the box before; null on the first one, where the browser places the focus. */
let shown: string | null = null;

/**
 * What is around every page for those who are not signed in: one box in the middle, with its heading, which takes the focus where
 * another box has taken the place of the one that had it.
 */
export function DoorFrame(props: {
  title: string;
  /** The heading, where it differs from the title. */
  heading?: ReactNode;
  subtitle?: ReactNode;
  children: ReactNode;
}) {
  const door = useDoor();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    const isAnother = shown !== null && shown !== props.title;
    shown = props.title;
    // An input that has taken it keeps it.
    if (isAnother && document.activeElement === document.body) heading.current?.focus();
  }, [props.title]);

  return (
    <main className="centred">
      <DocumentTitle title={props.title} organisation={door.name} />
      <div className="surface">
        <Stack gap={4} mb="lg">
          <img src="/favicon.svg" alt="" width={40} height={40} />
          <Title order={1} size="h2" mt="sm" ref={heading} tabIndex={-1}>
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
