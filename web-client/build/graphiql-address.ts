import type { Connect, Plugin } from "vite";

/** In development, answers `/graphiql` with graphiql.html, as the server does. */
export function graphiqlAddress(): Plugin {
  const rewrite: Connect.NextHandleFunction = (request, _response, next) => {
    const [path, query] = (request.url ?? "").split("?", 2);
    if (path === "/graphiql") request.url = query === undefined ? "/graphiql.html" : `/graphiql.html?${query}`;
    next();
  };
  return {
    name: "graphiql-address",
    configureServer(server) {
      server.middlewares.use(rewrite);
    },
    configurePreviewServer(server) {
      server.middlewares.use(rewrite);
    },
  };
}
