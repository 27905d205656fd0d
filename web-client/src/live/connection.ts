import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { type Client, createClient } from "graphql-ws";
import type { TokenSource } from "../api/client.ts";

/** How often the server is asked whether it is still there, and how long it may take to answer, in milliseconds. */
const heartbeat = { every: 20_000, patience: 5_000 };

/**
 * The connection by which the server tells what changes. It opens with the first subscription and closes after the last.
 * It is not opened again by itself: what was missed meanwhile has to be asked for, which {@link keepOpen} sees to.
 */
export function liveClient(session: TokenSource, address: string): Client {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return createClient({
    url: address,
    connectionParams: async () => {
      const token = await session.token();
      return token === null ? {} : { authorization: `Bearer ${token}` };
    },
    retryAttempts: 0,
    lazyCloseTimeout: 1_000,
    keepAlive: heartbeat.every,
    on: {
      opened: (opened) => {
        socket = opened as WebSocket;
      },
      ping: (received) => {
        if (received) return;
        // A machine that slept, or a network that went away, leaves a connection that looks open.
        timer = setTimeout(() => {
          if (socket?.readyState === WebSocket.OPEN) socket.close(4408, "No answer");
        }, heartbeat.patience);
      },
      pong: (received) => {
        if (received) clearTimeout(timer);
      },
      closed: () => clearTimeout(timer),
    },
  });
}

/** Sends subscriptions by the connection. */
export function liveLink(client: Client): GraphQLWsLink {
  return new GraphQLWsLink(client);
}
