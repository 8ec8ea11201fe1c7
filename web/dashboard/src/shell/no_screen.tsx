import { useTexts } from "../language/language";
import { State } from "../parts/states";
import { SHELL } from "./texts";

/** An address that is none of the dashboard's. */
export function NoScreen() {
  const t = useTexts(SHELL);
  const home = (
    <a className="button" href="/">
      {t.home}
    </a>
  );
  return (
    <State title={t.noScreen} isScreen actions={home}>
      <p>{t.noScreenWhy}</p>
    </State>
  );
}
