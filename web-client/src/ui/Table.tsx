import type { ReactNode } from "react";

/** A table as a card: its columns by their names, each with the classes of its head (`number`, `only-wide`), and its rows. */
export function Table(props: {
  columns: Readonly<Record<string, string>>;
  /** What its style is beside that of lists. */
  className?: string;
  children: ReactNode;
}) {
  const { columns, className = "", children } = props;
  return (
    <div className="surface surface-flush">
      <table className={`list ${className}`}>
        <thead>
          <tr>
            {Object.entries(columns).map(([name, classes]) => (
              <th key={name} scope="col" className={classes}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
