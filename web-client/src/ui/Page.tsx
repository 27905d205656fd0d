import { Text, Title } from "@mantine/core";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import { useLocation } from "react-router";

/** The organisation's name, for titles; empty before it is known. */
export const OrganisationName = createContext("");

/** The path of the page that had the focus last; null on the first one, where the browser places it. */
let visited: string | null = null;

/**
 * A page: its title in the browser's tab and as its heading, which takes the focus when the person comes from another
 * page, so that a screen reader reads where they are and the Tab key goes on from there.
 */
export function Page(props: {
  title: string;
  /** The heading, where it differs from the title. */
  heading?: ReactNode;
  subtitle?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const organisation = useContext(OrganisationName);
  const { pathname } = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    if (visited !== null && visited !== pathname) {
      window.scrollTo(0, 0);
      heading.current?.focus({ preventScroll: true });
    }
    visited = pathname;
  }, [pathname]);

  return (
    <>
      <DocumentTitle title={props.title} organisation={organisation} />
      <div className="page-head">
        <div>
          <Title order={1} size="h2" ref={heading} tabIndex={-1}>
            {props.heading ?? props.title}
          </Title>
          {props.subtitle !== undefined && (
            <Text c="dimmed" size="sm" component="div">
              {props.subtitle}
            </Text>
          )}
        </div>
        {props.actions !== undefined && <div className="actions">{props.actions}</div>}
      </div>
      {props.children}
    </>
  );
}

/** The text in the browser's tab. */
export function DocumentTitle({ title, organisation = "" }: { title: string; organisation?: string }) {
  useEffect(() => {
    document.title = [title, organisation, "Tenantry"].filter((part) => part !== "").join(" · ");
  }, [title, organisation]);
  return null;
}
