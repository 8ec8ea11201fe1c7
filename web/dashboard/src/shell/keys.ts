import { useEffect, useRef } from "react";

/** Does what the table says for a key that is pressed outside of fields and dialogs, without Ctrl, Alt or Meta. */
export function useKeys(table: Readonly<Record<string, () => void>>): void {
  const current = useRef(table);
  current.current = table;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest("input, textarea, select, [role=dialog]")) return;
      const act = current.current[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
