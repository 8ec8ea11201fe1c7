import type { ErrorComponentProps } from "@tanstack/react-router";
import { useTexts } from "../language/language";
import { State } from "../parts/states";
import { SHELL } from "./texts";

/** A screen that has failed: most often its file is gone, because a new version is served. */
export function Failure({ error }: ErrorComponentProps) {
  const t = useTexts(SHELL);
  const isFileGone = error instanceof TypeError && /import|module/i.test(error.message);
  const load = (
    <button type="button" className="button" data-kind="primary" onClick={() => location.reload()}>
      {t.reload}
    </button>
  );
  return (
    <div role="alert">
      <State title={isFileGone ? t.newVersion : t.broken} isScreen actions={load}>
        {!isFileGone && <p className="code small">{String(error)}</p>}
      </State>
    </div>
  );
}
