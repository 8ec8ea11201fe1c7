import { useEffect, useRef, type ReactNode } from "react";

/** The head of a screen. A new screen begins at its head for screen readers and the keyboard, and names the window. */
export function PageHead({ title, children, lead }: { title: string; children?: ReactNode; lead?: ReactNode }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · FinCore`;
  }, [title]);
  useEffect(() => {
    head.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header className="page-head">
      <div>
        <h1 ref={head} tabIndex={-1}>
          {title}
        </h1>
        {lead}
      </div>
      {children && <div className="buttons">{children}</div>}
    </header>
  );
}

/** A part of a screen, with a head of its own. */
export function Card({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      <div className="body">{children}</div>
    </section>
  );
}

/** Names and values; a value that is null is left out with its name. */
export function Facts({ of }: { of: readonly (readonly [name: string, value: ReactNode])[] }) {
  const shown = of.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl className="facts">
      {shown.flatMap(([name, value]) => [<dt key={`${name}:name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  );
}
