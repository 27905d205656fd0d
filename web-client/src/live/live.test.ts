import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Clock, keepOpen, type Line } from "./keep-open.ts";
import { refresher } from "./refresh.ts";

let now = 0;
let timers: { at: number; work: () => void }[] = [];
const clock: Clock = {
  now: () => now,
  random: () => 1,
  later: (delay, work) => {
    const timer = { at: now + delay, work };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  },
};

/** Lets time pass, with what is due on the way. */
function pass(duration: number) {
  const end = now + duration;
  for (;;) {
    const next = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
    if (next === undefined) break;
    timers = timers.filter((timer) => timer !== next);
    now = next.at;
    next.work();
  }
  now = end;
}

beforeEach(() => {
  now = 0;
  timers = [];
});

describe("a line", () => {
  const lines: Line[] = [];
  const close = vi.fn();
  const onGap = vi.fn();
  const open = (line: Line) => {
    lines.push(line);
    return close;
  };

  beforeEach(() => {
    lines.length = 0;
    close.mockClear();
    onGap.mockClear();
  });

  test("that works leaves nothing to be asked for", () => {
    keepOpen(open, onGap, clock);
    lines[0]?.onWorking();
    pass(600_000);
    expect(lines).toHaveLength(1);
    expect(onGap).not.toHaveBeenCalled();
  });

  test("that ends is opened again, and what was missed is asked for once it works", () => {
    keepOpen(open, onGap, clock);
    lines[0]?.onWorking();
    pass(20_000);
    lines[0]?.onEnd();
    lines[0]?.onEnd();
    expect(close).toHaveBeenCalledTimes(1);
    pass(1_000);
    expect(lines).toHaveLength(2);
    expect(onGap).not.toHaveBeenCalled();
    lines[1]?.onWorking();
    expect(onGap).toHaveBeenCalledTimes(1);
  });

  test("that cannot be had is tried ever more seldom, but never given up", () => {
    keepOpen(
      (line) => {
        lines.push(line);
        line.onEnd();
        return close;
      },
      onGap,
      clock,
    );
    const tries = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    for (const [index, wait] of tries.entries()) {
      pass(wait - 1);
      expect(lines).toHaveLength(index + 1);
      pass(1);
      expect(lines).toHaveLength(index + 2);
    }
    expect(close).toHaveBeenCalledTimes(lines.length);
  });

  test("that is not wanted any more is closed, and not opened again", () => {
    const stop = keepOpen(open, onGap, clock);
    stop();
    expect(close).toHaveBeenCalledTimes(1);
    lines[0]?.onEnd();
    pass(600_000);
    expect(lines).toHaveLength(1);
  });

  test("that waits for its next try is given up, too", () => {
    const stop = keepOpen(open, onGap, clock);
    lines[0]?.onEnd();
    stop();
    pass(600_000);
    expect(lines).toHaveLength(1);
  });
});

describe("the lists on the screen", () => {
  test("are asked for soon after a change", () => {
    const refetch = vi.fn();
    refresher(refetch, clock)("departments");
    pass(200);
    expect(refetch).toHaveBeenCalledExactlyOnceWith(new Set(["Directory", "Departments"]));
  });

  test("are not asked for once for each of many changes", () => {
    const refetch = vi.fn();
    const changed = refresher(refetch, clock);
    for (let index = 0; index < 100; index += 1) {
      changed("employees");
      pass(100);
    }
    // The last of them is not forgotten.
    pass(5_000);
    expect(refetch.mock.calls.length).toBeLessThanOrEqual(6);
    const calls = refetch.mock.calls.length;
    pass(60_000);
    expect(refetch).toHaveBeenCalledTimes(calls);
  });
});
