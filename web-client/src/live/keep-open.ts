/** What is open as long as nothing breaks it. */
export interface Line {
  /** Called by the line when it works. */
  onWorking: () => void;
  /** Called by the line when it has ended, for whatever reason. */
  onEnd: () => void;
}

/** What the browser gives; replaced in tests. */
export interface Clock {
  now(): number;
  /** Calls `work` after `delay` milliseconds, unless the returned function is called before. */
  later(delay: number, work: () => void): () => void;
  /** Between 0 and 1. */
  random(): number;
}

/** The first pause before a new try, the longest, and how long a line must have worked for the pauses to begin anew. */
const pause = { first: 1_000, longest: 60_000, settled: 10_000 };

/**
 * Keeps a line open: opens it again when it ends, after pauses that double, and calls `onGap` each time it works again,
 * because what happened in between has not been told. Returns what closes it for good.
 */
export function keepOpen(open: (line: Line) => () => void, onGap: () => void, clock: Clock): () => void {
  let failures = 0;
  let openedBefore = false;
  let cancel: () => void = () => undefined;
  let stopped = false;

  const start = () => {
    const again = openedBefore;
    openedBefore = true;
    const state = { ended: false };
    let workingSince: number | null = null;
    let close: () => void = () => undefined;
    const onEnd = () => {
      if (state.ended || stopped) return;
      state.ended = true;
      close();
      if (workingSince !== null && clock.now() - workingSince >= pause.settled) failures = 0;
      // Spread over half the pause, so that a restarted server is not met by everybody at once.
      const wait = Math.min(pause.first * 2 ** failures, pause.longest) * (0.5 + clock.random() / 2);
      failures += 1;
      cancel = clock.later(wait, start);
    };
    const onWorking = () => {
      if (state.ended || stopped) return;
      workingSince = clock.now();
      if (again) onGap();
    };
    close = open({ onWorking, onEnd });
    // A line may end while it is being opened.
    if (state.ended) close();
    else cancel = close;
  };

  start();
  return () => {
    stopped = true;
    cancel();
  };
}

/** The browser's clock. */
export const browserClock: Clock = {
  now: () => Date.now(),
  later: (delay, work) => {
    const timer = setTimeout(work, delay);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
