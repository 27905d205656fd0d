import { Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

/** A part of a page, under its heading. */
export function Section(props: { title: string; actions?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="part">
      <div className="part-head">
        <Title order={2} size="h4" id={id}>
          {props.title}
        </Title>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}
