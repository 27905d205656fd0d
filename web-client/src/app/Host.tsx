import { lazy, Suspense, useCallback, useState } from "react";
import { looksLikeApex } from "../api/address.ts";
import { browserSession } from "../session/browser.ts";
import { App } from "./App.tsx";
import { Gate, Starting } from "./Gate.tsx";

const Apex = lazy(async () => ({ default: (await import("../apex/Apex.tsx")).Apex }));

/**
 * The client of the host that the page is on: an organisation's, or the apex, from which one goes to one's
 * organisations. The API decides which it is; the hostname says what to ask first.
 */
export function Host() {
  const [first] = useState(() => looksLikeApex(window.location));
  const [apex, setApex] = useState(first);
  const [keeper] = useState(browserSession);
  const other = useCallback(() => setApex((present) => !present), []);
  // Neither kind of host knows the question: then what it says is shown.
  const onOtherHost = apex === first ? other : undefined;
  return apex ? (
    <Suspense fallback={<Starting />}>
      <Apex onOtherHost={onOtherHost} />
    </Suspense>
  ) : (
    <Gate keeper={keeper} onOtherHost={onOtherHost}>
      <App />
    </Gate>
  );
}
