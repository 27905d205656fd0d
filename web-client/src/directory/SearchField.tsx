import { TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { SearchIcon } from "../ui/icons.tsx";

/** How long typing must pause before the search is sent, in milliseconds. */
const searchPause = 250;

/** Keeps what is typed until typing pauses; what comes from the address, by a link or the back button, replaces it. */
export function SearchField(props: {
  search: string;
  placeholder: string;
  maxLength?: number;
  onChange: (search: string) => void;
}) {
  const { search, onChange, ...rest } = props;
  const [text, setText] = useState(search);
  const [known, setKnown] = useState(search);
  if (search !== known) {
    setKnown(search);
    if (search !== text.trim()) setText(search);
  }
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => {
    if (text.trim() === known) return;
    const timer = setTimeout(() => latest.current(text.trim()), searchPause);
    return () => clearTimeout(timer);
  }, [text, known]);

  return (
    <TextInput
      className="wide"
      type="search"
      label="Search"
      leftSection={<SearchIcon />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      {...rest}
    />
  );
}
