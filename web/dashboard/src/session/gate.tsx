import type { ReactNode } from "react";
import { Mark } from "../parts/mark";

/** What stands in the window while no person is logged in. */
export function Gate({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  return (
    <main className="gate">
      <Mark size={40} />
      <h1>{title}</h1>
      {text && <p>{text}</p>}
      {children && <div className="buttons">{children}</div>}
    </main>
  );
}
