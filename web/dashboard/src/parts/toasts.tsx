// Short messages that what was asked for has been done: in a live region, so that screen readers say them.

import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { useTexts } from "../language/language";
import { PARTS } from "./texts";

interface Toast {
  readonly id: number;
  readonly text: string;
}

const SHOWN_MILLISECONDS = 8_000;
const Context = createContext<(text: string) => void>(() => {});
let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const t = useTexts(PARTS);
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const show = useMemo(() => {
    return (text: string) => {
      const id = ++lastId;
      setToasts((shown) => [...shown, { id, text }]);
      setTimeout(() => setToasts((shown) => shown.filter((toast) => toast.id !== id)), SHOWN_MILLISECONDS);
    };
  }, []);
  return (
    <Context value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div className="toast" key={toast.id}>
            <span>{toast.text}</span>
            <button type="button" onClick={() => setToasts((shown) => shown.filter((other) => other !== toast))}>
              {t.dismiss}
            </button>
          </div>
        ))}
      </div>
    </Context>
  );
}

/** Shows a message for some seconds. */
export const useToast = (): ((text: string) => void) => use(Context);
