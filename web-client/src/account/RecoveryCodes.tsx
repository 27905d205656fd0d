import { Alert, Button, Checkbox, Stack } from "@mantine/core";
import { useState } from "react";
import { CopyButton } from "../ui/CopyButton.tsx";
import { AlertIcon } from "../ui/icons.tsx";

/** Shows recovery codes, which the server never shows again, until the person says that they are kept. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const [kept, setKept] = useState(false);
  const content = `${codes.join("\n")}\n`;
  return (
    <Stack>
      <Alert color="indigo" variant="light" icon={<AlertIcon />} title="Keep these recovery codes" role="status">
        They are shown this once. Each lets you in one time without the authenticator.
      </Alert>
      <ul className="codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="actions">
        <CopyButton content={content} label="Copy the codes" />
        <Button variant="default" onClick={() => save(content)}>
          Download
        </Button>
      </div>
      <Checkbox
        label="I have put them where I find them without my phone"
        checked={kept}
        onChange={(event) => setKept(event.currentTarget.checked)}
      />
      <div>
        <Button disabled={!kept} onClick={onDone}>
          Done
        </Button>
      </div>
    </Stack>
  );
}

function save(content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "tenantry-recovery-codes.txt";
  link.click();
  // The browser has begun to save by then.
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
