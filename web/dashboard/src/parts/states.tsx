// What stands where there is nothing to show: still loading, empty, failed, not found, not permitted.

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiProblem, LoginEnded } from "../api/problem";
import { useTexts } from "../language/language";
import { PARTS } from "./texts";

export function State({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children}
      {actions && <div className="buttons">{actions}</div>}
    </div>
  );
}

/** Grey lines where rows will be. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const t = useTexts(PARTS);
  const widths = ["92%", "78%", "86%", "64%"];
  return (
    <div className="bones" role="status">
      <span className="unseen">{t.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div className="bone" key={line} style={{ width: widths[line % widths.length] }} />
      ))}
    </div>
  );
}

export function NotPermitted({ permission }: { permission: string }) {
  const t = useTexts(PARTS);
  return (
    <State title={t.notPermitted}>
      <p>{t.notPermittedWhy(permission)}</p>
    </State>
  );
}

export function NotFound() {
  const t = useTexts(PARTS);
  return (
    <State title={t.notFound}>
      <p>{t.notFoundWhy}</p>
    </State>
  );
}

/** Why something could not be loaded, with the id of the request for those who look into the logs. */
export function Failed({ error, again }: { error: Error; again: () => void }) {
  const t = useTexts(PARTS);
  if (error instanceof LoginEnded) return <State title={t.loginEnded} />;
  if (error instanceof ApiProblem && error.status === 404) return <NotFound />;
  const button = (
    <button type="button" className="button" onClick={again}>
      {t.tryAgain}
    </button>
  );
  return (
    <div role="alert">
      <State title={t.failed} actions={button}>
        <p>{error instanceof ApiProblem ? error.message : t.lost}</p>
        {error instanceof ApiProblem && error.requestId && <p className="small code">{t.request(error.requestId)}</p>}
      </State>
    </div>
  );
}

/** What a query gives, or the state that stands in for it. */
export function Loaded<T>({ query, lines, children }: { query: UseQueryResult<T, Error>; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} again={() => void query.refetch()} />;
  return <Loading {...(lines === undefined ? {} : { lines })} />;
}
