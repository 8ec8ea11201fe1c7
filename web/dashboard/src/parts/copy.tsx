import { useState } from "react";
import { useTexts } from "../language/language";
import { PARTS } from "./texts";

const SHOWN_MILLISECONDS = 1_500;

/** An id or a reference that a click copies. */
export function Copy({ text }: { text: string }) {
  const t = useTexts(PARTS);
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), SHOWN_MILLISECONDS);
  };
  return (
    <button type="button" className="copy" title={t.copy} onClick={() => void copy()}>
      {text}
      <span className="unseen" aria-live="polite">
        {isCopied ? t.copied : ""}
      </span>
      {isCopied && <span aria-hidden="true">✓</span>}
    </button>
  );
}
