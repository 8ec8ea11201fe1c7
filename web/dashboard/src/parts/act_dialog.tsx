// The dialog of every act: what will happen, a reason, one button. It keeps asking with one idempotency key until it has an answer.

import { useBlocker } from "@tanstack/react-router";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
import { useAct } from "../api/act";
import { ApiProblem, isTurnedAway, LoginEnded } from "../api/problem";
import { useTexts } from "../language/language";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { PARTS } from "./texts";

export const REASON_CHARACTERS_MAX = 500;

interface ActDialogProps<V, A> {
  readonly title: string;
  /** What the button says: the act itself, for example `Refund €19.99`. */
  readonly button: string;
  readonly isDanger?: boolean;
  readonly size?: "wide";
  /** What exactly will happen. */
  readonly preview: ReactNode;
  /** Further fields, above the reason. They stay as they are while an answer is awaited. */
  readonly children?: ReactNode;
  /** What the field of the reason is called and holds, where the reason is also the text that the act keeps. */
  readonly reasonField?: { readonly label: string; readonly hint: string; readonly missing: string; readonly charactersMax: number };
  /** The values of the further fields; null while one of them has a flaw, which is shown beside it. */
  readonly values: V | null;
  readonly ask: (values: V & { readonly reason: string }, idempotencyKey: string) => Promise<A>;
  readonly done: (answer: A) => void;
  readonly close: () => void;
}

export function ActDialog<V, A>({ title, button, isDanger, size, preview, children, reasonField, values, ask, done, close }: ActDialogProps<V, A>) {
  const t = useTexts(PARTS);
  const field = reasonField ?? { label: t.reason, hint: t.reasonHint, missing: t.reasonMissing, charactersMax: REASON_CHARACTERS_MAX };
  const [reason, setReason] = useState("");
  const [isTried, setIsTried] = useState(false);
  const [asked, setAsked] = useState<(V & { readonly reason: string }) | null>(null);
  const isAnswered = useRef(false);
  const { act, state, problem } = useAct(ask, (answer: A) => {
    isAnswered.current = true;
    done(answer);
    close();
  });
  const isFixed = state !== "ready";
  // The way back would take the idempotency key away, and the person might do the act a second time. Who has to log in again has to leave.
  useBlocker({
    shouldBlockFn: () => !isAnswered.current,
    enableBeforeUnload: () => !isAnswered.current && !isTurnedAway(problem),
    disabled: !isFixed,
  });
  const isMissing = reason.trim() === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (state === "lost" && asked) return act(asked);
    if (values === null || isMissing) return;
    const given = { ...values, reason: reason.trim() };
    setAsked(given);
    act(given);
  };
  return (
    // While an answer is awaited, a key or a click that was not meant for it does not take the dialog with its idempotency key away.
    <Dialog title={title} {...(size ? { size } : {})} close={() => !isFixed && close()}>
      <form onSubmit={submit} noValidate>
        <fieldset className="form" disabled={isFixed}>
          {children}
          <Field label={field.label} hint={field.hint} flaw={isTried && isMissing ? field.missing : null}>
            {(ids) => (
              <textarea
                className="input"
                {...ids}
                required
                maxLength={field.charactersMax}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
        </fieldset>
        <div className="preview">{preview}</div>
        {state === "ready" && problem && <Refusal problem={problem} />}
        {state === "lost" && (
          <div className="banner" data-tone="warn" role="alert">
            <strong>{t.answerLost}</strong>
            <span>{isTurnedAway(problem) ? t.answerLostAndEnded : t.answerLostWhy}</span>
          </div>
        )}
        <div className="quiet small" role="status">
          {state === "asking" ? t.asking : state === "asking_again" ? t.askingAgain : ""}
        </div>
        <div className="buttons">
          <button type="button" className="button" onClick={close}>
            {t.cancel}
          </button>
          <button
            type="submit"
            className="button"
            data-kind={isDanger ? "danger" : "primary"}
            aria-disabled={isFixed && state !== "lost"}
          >
            {state === "lost" ? t.askAgain : button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Refusal({ problem }: { problem: Error }) {
  const t = useTexts(PARTS);
  return (
    <div className="banner" data-tone="bad" role="alert">
      <strong>{t.refused}</strong>
      <span>{problem instanceof LoginEnded ? t.refusedAsEnded : problem.message}</span>
      {problem instanceof ApiProblem && problem.requestId && (
        <span className="small code">{t.request(problem.requestId)}</span>
      )}
    </div>
  );
}
