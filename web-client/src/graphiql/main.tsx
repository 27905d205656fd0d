import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./graphiql.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Explorer } from "./Explorer.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("graphiql.html has no element #root");

createRoot(root).render(
  <StrictMode>
    <Explorer />
  </StrictMode>,
);
