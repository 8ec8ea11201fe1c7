import { useState, type ReactNode } from "react";

interface FoldProps {
  readonly title: string;
  readonly aside?: ReactNode;
  /** Whether it is open until the person opens or closes it. */
  readonly isOpenAtFirst?: boolean;
  readonly children: ReactNode;
}

/** A card that shows its head only, until the person opens it: what it holds is asked for then. */
export function Fold({ title, aside, isOpenAtFirst = false, children }: FoldProps) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const isOpen = chosen ?? isOpenAtFirst;
  return (
    <section className="card" aria-label={title}>
      <details className="fold" open={isOpen} onToggle={(event) => setChosen(event.currentTarget.open)}>
        <summary>
          <h2>{title}</h2>
          {aside}
        </summary>
        <div className="body">{isOpen && children}</div>
      </details>
    </section>
  );
}
