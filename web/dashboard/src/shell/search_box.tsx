import { useTexts } from "../language/language";
import type { Mode } from "../session/permission";
import { SHELL } from "./texts";

export function SearchBox({ mode: _ }: { mode: Mode }) {
  const t = useTexts(SHELL);
  return <input id="search" type="search" className="input" aria-label={t.keySearch} />;
}
