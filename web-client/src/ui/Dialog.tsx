import { Modal } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";

/** Closes the dialog; `removed` when what it was opened from is about to disappear. */
export type Close = (removed?: boolean) => void;

/**
 * A dialog that is open from the start; `onClose` removes it once it has faded. The focus goes to what `data-autofocus` marks, else to
 * the first input, and back where it was; where that is about to disappear, `goOn` puts it elsewhere than on the page's heading.
 */
export function Dialog(props: {
  title: ReactNode;
  onClose: () => void;
  goOn?: (() => void) | undefined;
  children: (close: Close) => ReactNode;
}) {
  const [state, setState] = useState<"open" | "closed" | "removed">("open");
  const [opener] = useState(focusedElement);
  const opened = state === "open";
  const goOn = useRef(props.goOn);

  useEffect(() => {
    if (state === "open") return;
    if (state === "closed" && opener?.isConnected === true) opener.focus();
    else if (goOn.current !== undefined) goOn.current();
    else document.querySelector<HTMLElement>("main h1")?.focus();
  }, [state, opener]);

  const close: Close = (removed = false) => setState(removed ? "removed" : "closed");
  return (
    <Modal.Root opened={opened} onClose={() => close()} onExitTransitionEnd={props.onClose} returnFocus={false}>
      <Modal.Overlay />
      {/* Not `className`: what is around the content, as large as the page, would get it, too. */}
      <Modal.Content classNames={{ content: "dialog" }}>
        <div className="dialog-head">
          <Modal.Title>{props.title}</Modal.Title>
        </div>
        <Modal.Body>{props.children(close)}</Modal.Body>
        {/* The last in the order of the Tab key, so that the focus begins at what is asked for. */}
        <Modal.CloseButton aria-label="Close" className="dialog-close" />
      </Modal.Content>
    </Modal.Root>
  );
}

/** What has the focus; of a menu, which closes, the button that opens it. */
function focusedElement(): HTMLElement | null {
  const focused = document.activeElement;
  const button = focused?.closest('[role="menu"]')?.getAttribute("aria-labelledby") ?? null;
  const element = button === null ? focused : document.getElementById(button);
  return element instanceof HTMLElement && element !== document.body ? element : null;
}
