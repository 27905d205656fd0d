import { createContext, use, useMemo } from "react";
import type { Door } from "./door.ts";
import type { SessionKeeper, Viewer } from "./keeper.ts";

/** Who is signed in; given by the frame of the pages, so every page has one. */
export const ViewerContext = createContext<Viewer | null>(null);

/** Whether nothing can be changed in the organisation now, whoever asks. */
export const ReadOnlyContext = createContext(false);

/** The session's keeper on a tenant's host. */
export const KeeperContext = createContext<SessionKeeper | null>(null);

/** The door of this host, for those who are not signed in. */
export const DoorContext = createContext<Door | null>(null);

/**
 * Who is signed in, on the pages that need it. Where nothing can be changed in the organisation, nobody manages its people or its
 * structure; the pages of owners and administrators are theirs to read still.
 */
export function useViewer(): Viewer {
  const viewer = use(ViewerContext);
  const isReadOnly = useIsReadOnly();
  if (viewer === null) throw new Error("This page is for people who are signed in.");
  return useMemo(() => {
    if (!isReadOnly) return viewer;
    return { ...viewer, permissions: { ...viewer.permissions, manageEmployees: false, manageOrganisation: false } };
  }, [viewer, isReadOnly]);
}

/** Whether nothing can be changed in the organisation now, so that a page offers no change. */
export function useIsReadOnly(): boolean {
  return use(ReadOnlyContext);
}

/** The session's keeper. */
export function useKeeper(): SessionKeeper {
  const keeper = use(KeeperContext);
  if (keeper === null) throw new Error("The session is missing.");
  return keeper;
}

/** The door of this host. */
export function useDoor(): Door {
  const door = use(DoorContext);
  if (door === null) throw new Error("The door is missing.");
  return door;
}
