import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Host } from "./app/Host.tsx";
import { Providers } from "./ui/Providers.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");

createRoot(root).render(
  <StrictMode>
    <Providers>
      <Host />
    </Providers>
  </StrictMode>,
);
