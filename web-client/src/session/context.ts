import { createContext, use } from "react";
import type { Door } from "./door.ts";
import type { SessionKeeper, Viewer } from "./keeper.ts";

/** Who is signed in; given by the frame of the pages, so every page has one. */
export const ViewerContext = createContext<Viewer | null>(null);

/** The session's keeper on a tenant's host. */
export const KeeperContext = createContext<SessionKeeper | null>(null);

/** The door of this host, for those who are not signed in. */
export const DoorContext = createContext<Door | null>(null);

/** Who is signed in, on the pages that need it. */
export function useViewer(): Viewer {
  const viewer = use(ViewerContext);
  if (viewer === null) throw new Error("This page is for people who are signed in.");
  return viewer;
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
