import { skipToken, useQuery } from "@apollo/client/react";
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import { FindEmployeesDocument } from "../generated/graphql.ts";

/** An input that finds an active employee by name on the server; its value is the employee's id, or empty. */
export function EmployeePicker(props: {
  label: string;
  description?: string;
  placeholder?: string;
  value: string;
  onChange: (id: string) => void;
  error?: ReactNode;
  /** The employee that the form begins with, whose name is known. */
  known?: { id: string; name: string } | null;
  /** An employee who cannot be chosen. */
  except?: string;
}) {
  const [text, setText] = useState(props.known?.name ?? "");
  const [chosen, setChosen] = useState(props.known ?? null);
  const [wanted] = useDebouncedValue(text, 200);
  const [opened, setOpened] = useState(false);
  // The name of the one chosen already is no search.
  const search = wanted.trim() === chosen?.name ? "" : wanted.trim();
  const { data, previousData, loading } = useQuery(
    FindEmployeesDocument,
    opened ? { variables: search === "" ? {} : { search } } : skipToken,
  );
  const found = ((data ?? previousData)?.employees.nodes ?? []).filter(({ id }) => id !== props.except);
  const options = found.map(({ id, name, position }) => ({ value: id, label: name, position: position.title }));
  const positions = new Map(found.map(({ id, position }) => [id, position.title]));
  if (chosen !== null && !found.some(({ id }) => id === chosen.id)) {
    options.unshift({ value: chosen.id, label: chosen.name, position: "" });
  }

  return (
    <Select
      label={props.label}
      description={props.description}
      placeholder={props.placeholder ?? "Type a name"}
      data={options}
      value={props.value === "" ? null : props.value}
      onChange={(id) => {
        const option = options.find(({ value }) => value === id);
        setChosen(option === undefined ? null : { id: option.value, name: option.label });
        props.onChange(id ?? "");
      }}
      error={props.error}
      searchable
      // Also where a dialog begins with it: one types, or opens the list by a click or the arrow keys.
      openOnFocus={false}
      searchValue={text}
      onSearchChange={setText}
      // The server has chosen already.
      filter={({ options: all }) => all}
      renderOption={({ option }) => (
        <span>
          <bdi>{option.label}</bdi>
          {positions.has(option.value) && <> · {positions.get(option.value)}</>}
        </span>
      )}
      onDropdownOpen={() => setOpened(true)}
      nothingFoundMessage={loading ? "Searching…" : "Nobody found"}
      clearable
      clearButtonProps={{ "aria-label": "Clear" }}
    />
  );
}
