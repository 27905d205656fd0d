import { ProblemError } from "../api/problem.ts";
import type { SessionFieldsFragment } from "../generated/graphql.ts";

/** Who is signed in to an organisation, their role and what they may do. */
export type Viewer = SessionFieldsFragment["viewer"];

/** A session as the server gives it: on a tenant's host to a viewer, on the apex to an account. */
export interface Grant<Who = Viewer> {
  accessToken: string;
  accessTokenExpiresAt: string;
  viewer: Who;
}

/** A session as this page knows it; the refresh token is in a cookie that no script can read. */
export interface Session<Who = Viewer> {
  accessToken: string;
  /** When to stop using the access token, in milliseconds since 1970 by this machine's clock. */
  expiresAt: number;
  viewer: Who;
}

/** The mutations of the API that keep a session. Each rejects with a ProblemError. */
export interface SessionApi<Who = Viewer> {
  refresh(): Promise<Grant<Who>>;
  /** Ends the session of the cookie. Without the access token: one that has ended would have the whole request refused. */
  signOut(): Promise<void>;
}

/** What the other tabs of the same host are told. */
export type SessionNews<Who = Viewer> = { kind: "session"; session: Session<Who> } | { kind: "signedOut" };

/** What the browser gives a keeper; replaced in tests. */
export interface Surroundings<Who = Viewer> {
  now(): number;
  /** Runs `work` while no other tab of the same host runs any. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
  announce(news: SessionNews<Who>): void;
  listen(listener: (news: SessionNews<Who>) => void): void;
  /** Calls `work` after `delay` milliseconds, unless the returned function is called before. */
  later(delay: number, work: () => void): () => void;
}

/** A token is renewed this long before it expires, so that a request on its way does not meet the end. */
const margin = 60_000;
/** A clock that runs ahead of the server's must not make every request a renewal. */
const shortestLife = 120_000;
/** The timer of a browser fires at once when asked for more than this. */
const longestDelay = 2 ** 31 - 1;

/**
 * Keeps the session of this page: the access token in memory, renewed in time by the cookie, by one tab for all.
 */
export class SessionKeeper<Who = Viewer> {
  readonly #api: SessionApi<Who>;
  readonly #surroundings: Surroundings<Who>;
  readonly #listeners = new Set<() => void>();
  #session: Session<Who> | null = null;
  #renewal: Promise<void> | null = null;
  #cancelTimer: () => void = () => undefined;

  constructor(api: SessionApi<Who>, surroundings: Surroundings<Who>) {
    this.#api = api;
    this.#surroundings = surroundings;
    surroundings.listen((news) => this.#adopt(news.kind === "session" ? news.session : null));
  }

  /** The session, or null when nobody is signed in. The same object until it changes. */
  readonly current = (): Session<Who> | null => this.#session;

  /** Calls `listener` after every change, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Takes up the session that the cookie holds, if there is one. Rejects with a ProblemError when that cannot be known:
   * the server is away or refuses the whole organisation.
   */
  async start(): Promise<void> {
    await this.renew(null);
  }

  /** Begins the session that `way` brings, in every tab. Rejects as it does, and leaves the present session as it is. */
  async begin(way: Promise<Grant<Who>>): Promise<void> {
    this.#take(await way);
  }

  /** Ends the session here, in the other tabs and on the server; here even when the server cannot be reached. */
  async signOut(): Promise<void> {
    if (this.#session === null) return;
    try {
      await this.#surroundings.exclusively(() => this.#api.signOut());
    } finally {
      this.#adopt(null);
      this.#surroundings.announce({ kind: "signedOut" });
    }
  }

  /** An access token to send with a request, renewed first when it is about to expire; null when nobody is signed in. */
  async token(): Promise<string | null> {
    const session = this.#session;
    if (session === null) return null;
    if (session.expiresAt - this.#surroundings.now() < margin / 2) {
      try {
        await this.renew(session.accessToken);
      } catch {
        // The request itself then meets the same trouble and reports it.
      }
    }
    return this.current()?.accessToken ?? null;
  }

  /**
   * Gets a new access token, unless `stale` has been replaced meanwhile. Any number of calls at once make one request.
   * When the server says that there is no session any more, nobody is signed in afterwards; any other refusal rejects.
   */
  renew(stale: string | null): Promise<void> {
    this.#renewal ??= this.#renewAlone(stale).finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewAlone(stale: string | null): Promise<void> {
    await this.#surroundings.exclusively(async () => {
      // Another tab may have done it while this one waited.
      if ((this.#session?.accessToken ?? null) !== stale) return;
      try {
        this.#take(await this.#api.refresh());
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.code !== "UNAUTHENTICATED") throw error;
        this.#adopt(null);
      }
    });
  }

  #take(grant: Grant<Who>): void {
    const now = this.#surroundings.now();
    const session: Session<Who> = {
      accessToken: grant.accessToken,
      expiresAt: Math.max(Date.parse(grant.accessTokenExpiresAt), now + shortestLife),
      viewer: grant.viewer,
    };
    this.#adopt(session);
    this.#surroundings.announce({ kind: "session", session });
  }

  #adopt(session: Session<Who> | null): void {
    this.#cancelTimer();
    if (session !== null) {
      const delay = Math.min(Math.max(session.expiresAt - this.#surroundings.now() - margin, 0), longestDelay);
      this.#cancelTimer = this.#surroundings.later(delay, () => {
        // The next request tries again and reports what is wrong.
        this.renew(session.accessToken).catch(() => undefined);
      });
    }
    this.#session = session;
    for (const listener of this.#listeners) listener();
  }
}
