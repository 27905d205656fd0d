import { Component, type ReactNode } from "react";
import { ErrorState } from "../ui/states.tsx";

/** Keeps a fault of one page from taking the whole client down. */
export class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <ErrorState
        problem={{
          code: "INTERNAL",
          message: "This page could not be shown. Loading it again may help.",
          field: null,
          requestId: null,
        }}
        onRetry={() => window.location.reload()}
      />
    );
  }
}
