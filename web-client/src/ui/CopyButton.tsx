import { Button } from "@mantine/core";
import { useState } from "react";
import { announceDone } from "./form.tsx";

/** Copies something to the clipboard, and says so. Where the browser does not allow it, the person selects it by hand. */
export function CopyButton({ content, label }: { content: string; label: string }) {
  const [refused, setRefused] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(content);
      announceDone("Copied.");
    } catch {
      setRefused(true);
    }
  };
  return (
    <Button variant="default" onClick={copy} disabled={refused}>
      {refused ? "Select and copy it by hand" : label}
    </Button>
  );
}
