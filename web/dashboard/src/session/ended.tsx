// A login that cannot be renewed: what is on the page stays until the person chooses to log in again.

import { createContext, use } from "react";
import { useTexts } from "../language/language";
import { PARTS } from "../parts/texts";

/** Logs in again, and comes back to the address that is open now; null while the login goes on. */
export const EndedContext = createContext<(() => void) | null>(null);

/** Says that the login has ended, with a button to log in again; nothing while it goes on. A dialog has its own, as it shuts off all else. */
export function LoginEndedBar() {
  const t = useTexts(PARTS);
  const logIn = use(EndedContext);
  if (logIn === null) return null;
  return (
    <div className="ended" role="alert">
      <strong>{t.loginEnded}</strong>
      <button type="button" className="button" data-kind="primary" onClick={logIn}>
        {t.logIn}
      </button>
    </div>
  );
}
