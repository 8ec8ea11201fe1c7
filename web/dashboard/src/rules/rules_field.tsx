// The text of rules that a person writes, with what is wrong with it.

import { useMutation } from "@tanstack/react-query";
import type { RuleFlaw } from "../api/types";
import { useTexts } from "../language/language";
import { Field } from "../parts/field";
import { RULES } from "./texts";

interface Checked {
  readonly flaws: readonly RuleFlaw[];
  readonly rules: readonly unknown[];
}

interface RulesFieldProps {
  readonly text: string;
  readonly write: (text: string) => void;
  readonly check: (text: string) => Promise<Checked>;
}

const LINES_SHOWN = 18;

export function RulesField({ text, write, check }: RulesFieldProps) {
  const t = useTexts(RULES);
  const checking = useMutation({ mutationFn: check });
  const isOfThisText = checking.variables === text;
  return (
    <>
      <Field label={t.text}>
        {(ids) => <textarea className="input code" rows={LINES_SHOWN} spellCheck={false} wrap="off" {...ids} value={text} onChange={(event) => write(event.target.value)} />}
      </Field>
      <div className="buttons">
        <button type="button" className="button" onClick={() => checking.mutate(text)} disabled={checking.isPending}>
          {t.check}
        </button>
      </div>
      <div role="status">
        {checking.isPending && <span className="quiet">{t.checking}</span>}
        {isOfThisText && checking.error && <span className="flaw">{checking.error.message}</span>}
        {isOfThisText && checking.data && <Flaws checked={checking.data} />}
      </div>
    </>
  );
}

function Flaws({ checked }: { checked: Checked }) {
  const t = useTexts(RULES);
  if (checked.flaws.length === 0) return <p>{t.good(checked.rules.length)}</p>;
  return (
    <ul className="lines">
      {checked.flaws.map((flaw) => (
        <li key={`${flaw.line}-${flaw.message}`}>
          {flaw.line !== null && <strong>{t.flawAt(flaw.line)}</strong>}
          <span>{flaw.message}</span>
        </li>
      ))}
    </ul>
  );
}
