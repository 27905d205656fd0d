import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { Gate } from "./app/Gate.tsx";
import { browserSession } from "./session/browser.ts";
import { Providers } from "./ui/Providers.tsx";

const keeper = browserSession();
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");

createRoot(root).render(
  <StrictMode>
    <Providers>
      <Gate keeper={keeper}>
        <App />
      </Gate>
    </Providers>
  </StrictMode>,
);
