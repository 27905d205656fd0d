import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";

/**
 * The secret behind the `#` of a link from a mail or from the apex. It is taken out of the address at once, so that it
 * stays neither in the history nor in a copied address; no server ever sees that part.
 */
export function useFragment(): string {
  const { pathname, search, hash } = useLocation();
  const navigate = useNavigate();
  const [secret, setSecret] = useState(hash.slice(1));
  // Another link to the same page, opened in the same tab, loads nothing anew.
  if (hash.length > 1 && hash.slice(1) !== secret) setSecret(hash.slice(1));

  useEffect(() => {
    if (hash !== "") void navigate({ pathname, search }, { replace: true });
  }, [hash, pathname, search, navigate]);
  return secret;
}
