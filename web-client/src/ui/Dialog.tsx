import { Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";

/** A dialog that is open from the start; `onClose` removes it once it has faded and the focus is back where it was. */
export function Dialog(props: {
  title: ReactNode;
  onClose: () => void;
  children: (close: () => void) => ReactNode;
}) {
  const [opened, setOpened] = useState(true);
  const close = () => setOpened(false);
  return (
    <Modal opened={opened} onClose={close} onExitTransitionEnd={props.onClose} title={props.title}>
      {props.children(close)}
    </Modal>
  );
}
