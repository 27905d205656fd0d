import { renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { usePolling } from "./polling.ts";

test("it is asked again while something is waited for, and not longer", () => {
  const query = { startPolling: vi.fn(), stopPolling: vi.fn() };
  const { rerender, unmount } = renderHook(({ isWaiting }) => usePolling(isWaiting, query), {
    initialProps: { isWaiting: false },
  });
  expect(query.startPolling).not.toHaveBeenCalled();
  rerender({ isWaiting: true });
  expect(query.startPolling).toHaveBeenCalledExactlyOnceWith(30_000);
  query.stopPolling.mockClear();
  rerender({ isWaiting: false });
  expect(query.stopPolling).toHaveBeenCalled();
  unmount();
  expect(query.startPolling).toHaveBeenCalledOnce();
});
