import { Button, Text, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { baseDomain } from "../api/address.ts";
import { request } from "../api/request.ts";
import { SlugAvailabilityDocument, type SlugAvailabilityQuery } from "../generated/platform.ts";
import { useDoor } from "../session/context.ts";

/** How long typing must pause before the server is asked, in milliseconds. */
const pause = 300;

type Found = SlugAvailabilityQuery["slugAvailability"];

/** An input for the address of a new organisation, which says while one types whether it is free. */
export function SlugInput(props: { value: string; error?: ReactNode; onChange: (slug: string) => void }) {
  const { value, error, onChange } = props;
  const found = useAvailability(value);
  const domain = `.${baseDomain(window.location, true)}`;
  return (
    <div>
      <TextInput
        label="Address"
        description={`The first part of the address under which your people find the organisation, before ${domain}`}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        required
        withAsterisk={false}
        value={value}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value.trim().toLowerCase())}
      />
      <Text size="sm" mt="xs" role="status" c={found?.available === false ? "red" : "dimmed"}>
        {found === null ? "\u00a0" : found.available ? `${value}${domain} is free.` : found.message}
      </Text>
      {found?.suggestion != null && (
        <Button variant="light" size="compact-sm" mt={4} onClick={() => onChange(found.suggestion ?? value)}>
          Use {found.suggestion}
        </Button>
      )}
    </div>
  );
}

/** What the server says of the address; null until it has. */
function useAvailability(slug: string): Found | null {
  const { address } = useDoor();
  const [answer, setAnswer] = useState<{ slug: string; found: Found } | null>(null);
  useEffect(() => {
    if (slug === "") return;
    let abandoned = false;
    const timer = setTimeout(() => {
      request(address, SlugAvailabilityDocument, { slug }).then(
        ({ slugAvailability }) => {
          if (!abandoned) setAnswer({ slug, found: slugAvailability });
        },
        // It is asked again when the form is sent, and then what is wrong is said.
        () => undefined,
      );
    }, pause);
    return () => {
      abandoned = true;
      clearTimeout(timer);
    };
  }, [slug, address]);
  return answer?.slug === slug ? answer.found : null;
}
