// The way in: what the address says, and what the issuer answers.

import { useEffect, useState, type ReactNode } from "react";
import { useTexts } from "../language/language";
import { PARTS } from "../parts/texts";
import { SHELL } from "../shell/texts";
import { readConfiguration } from "./configuration";
import { Gate } from "./gate";
import { LOGGED_OUT_PATH, Login, RETURN_PATH } from "./login";

type State = "entering" | "unreachable" | "failed" | "insecure" | "logged_out" | Login;

/** Logs in, by the issuer's session where there is one, then shows `children` with the login. */
export function Entry({ children }: { children: (login: Login) => ReactNode }) {
  const t = useTexts(SHELL);
  const parts = useTexts(PARTS);
  const [state, setState] = useState<State>("entering");
  useEffect(() => {
    void enter().then(setState);
  }, []);
  const to = (address: string, text: string) => (
    <button type="button" className="button" data-kind="primary" onClick={() => location.assign(address)}>
      {text}
    </button>
  );
  if (state instanceof Login) return children(state);
  switch (state) {
    case "entering":
      return <Gate title={t.loggingIn} />;
    case "logged_out":
      return <Gate title={t.loggedOut} text={t.loggedOutWhy} children={to("/", t.logIn)} />;
    case "failed":
      return <Gate title={t.loginFailed} text={t.loginFailedWhy} children={to("/", t.logIn)} />;
    case "insecure":
      return <Gate title={t.unreachable} text={t.notInsecure} />;
    case "unreachable":
      return <Gate title={t.unreachable} text={t.unreachableWhy} children={to(location.pathname, parts.tryAgain)} />;
  }
}

async function enter(): Promise<State> {
  if (location.pathname === LOGGED_OUT_PATH) return "logged_out";
  if (!isSecureContext) return "insecure";
  let login: Login;
  try {
    login = new Login(await readConfiguration());
    if (location.pathname !== RETURN_PATH) await login.begin(location.pathname + location.search);
  } catch {
    return "unreachable";
  }
  try {
    const path = await login.finish();
    history.replaceState(null, "", path);
    return login;
  } catch {
    // What the address says of a login is of no use any more, and is kept from the window's history.
    history.replaceState(null, "", RETURN_PATH);
    return "failed";
  }
}
