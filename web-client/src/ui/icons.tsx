import type { ReactNode } from "react";

function Icon(props: { children: ReactNode; className?: string; strokeWidth?: number }) {
  const { children, className, strokeWidth = 2 } = props;
  return (
    <svg
      className={className}
      width="18"
      height="18"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={strokeWidth}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const SearchIcon = () => (
  <Icon>
    <circle cx="11" cy="11" r="7" />
    <path d="m20 20-4-4" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M12 5v14M5 12h14" />
  </Icon>
);

export const MoreIcon = () => (
  <Icon strokeWidth={3.5}>
    <path d="M5 12h.01M12 12h.01M19 12h.01" />
  </Icon>
);

export const ChevronIcon = () => (
  <Icon className="turning">
    <path d="m6 9 6 6 6-6" />
  </Icon>
);

export const AlertIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 8v4M12 16h.01" />
  </Icon>
);
