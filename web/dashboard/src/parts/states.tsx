// What stands where there is nothing to show: still loading, empty, failed, not found, not permitted.

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiProblem, LoginEnded } from "../api/problem";
import { useTexts } from "../language/language";
import { PARTS } from "./texts";

interface StateProps {
  readonly title: string;
  /** It stands in for the whole screen, and so has its head. */
  readonly isScreen?: boolean;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

export function State({ title, isScreen, children, actions }: StateProps) {
  return (
    <div className="state">
      {isScreen ? <h1>{title}</h1> : <h2>{title}</h2>}
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
    <State title={t.notPermitted} isScreen>
      <p>{t.notPermittedWhy(permission)}</p>
    </State>
  );
}

export function NotFound({ isScreen = false }: { isScreen?: boolean }) {
  const t = useTexts(PARTS);
  return (
    <State title={t.notFound} isScreen={isScreen}>
      <p>{t.notFoundWhy}</p>
    </State>
  );
}

/** Why something could not be loaded, with the id of the request for those who look into the logs. */
export function Failed({ error, again, isScreen = false }: { error: Error; again: () => void; isScreen?: boolean }) {
  const t = useTexts(PARTS);
  if (error instanceof LoginEnded) return <State title={t.loginEnded} isScreen={isScreen} />;
  if (error instanceof ApiProblem && error.status === 404) return <NotFound isScreen={isScreen} />;
  const button = (
    <button type="button" className="button" onClick={again}>
      {t.tryAgain}
    </button>
  );
  return (
    <div role="alert">
      <State title={t.failed} isScreen={isScreen} actions={button}>
        <p>{error instanceof ApiProblem ? error.message : t.lost}</p>
        {error instanceof ApiProblem && error.requestId && <p className="small code">{t.request(error.requestId)}</p>}
      </State>
    </div>
  );
}

interface LoadedProps<T> {
  readonly query: UseQueryResult<T, Error>;
  readonly lines?: number;
  readonly isScreen?: boolean;
  readonly children: (data: T) => ReactNode;
}

/** What a query gives, or the state that stands in for it. */
export function Loaded<T>({ query, lines, isScreen = false, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} again={() => void query.refetch()} isScreen={isScreen} />;
  return <Loading {...(lines === undefined ? {} : { lines })} />;
}
