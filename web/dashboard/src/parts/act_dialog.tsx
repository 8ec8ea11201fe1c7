// The dialog of every act: what will happen, a reason, one button. It keeps asking with one idempotency key until it has an answer.

import { useBlocker, useRouterState } from "@tanstack/react-router";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
import { useAct } from "../api/act";
import { ApiProblem, isTurnedAway, LoginEnded } from "../api/problem";
import { useTexts } from "../language/language";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { PARTS } from "./texts";
import { useToast } from "./toasts";

export const REASON_CHARACTERS_MAX = 500;

interface ActDialogProps<V, A> {
  readonly title: string;
  /** What the act is done to, where the page's address and the title do not name it. */
  readonly subject?: string;
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

export function ActDialog<V, A>({ title, subject, button, isDanger, size, preview, children, reasonField, values, ask, done, close }: ActDialogProps<V, A>) {
  const t = useTexts(PARTS);
  const field = reasonField ?? { label: t.reason, hint: t.reasonHint, missing: t.reasonMissing, charactersMax: REASON_CHARACTERS_MAX };
  const [reason, setReason] = useState("");
  const [isTried, setIsTried] = useState(false);
  const isAnswered = useRef(false);
  const toast = useToast();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { act, state, asked, isTakenUp, problem } = useAct<V & { readonly reason: string }, A>(
    [path, title, subject].join("\n"),
    ask,
    (answer) => {
      isAnswered.current = true;
      done(answer);
      close();
    },
    ({ button }) => toast(t.doneLater(button)),
  );
  const isFixed = state !== "ready";
  // Who leaves the page does not see what becomes of the act, and who loads it anew loses its idempotency key: the person might do the act
  // a second time. The dialog's own button loses nothing, as the next dialog of the act takes it up. Who has to log in again has to leave.
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
    act({ button, values: { ...values, reason: reason.trim() } });
  };
  return (
    // While an answer is awaited, a key or a click that was not meant for it does not take the dialog with its idempotency key away.
    <Dialog title={title} {...(size ? { size } : {})} close={() => !isFixed && close()}>
      <form onSubmit={submit} noValidate>
        {isTakenUp && asked && isFixed ? (
          <TakenUp button={asked.button} reason={asked.values.reason} />
        ) : (
          <>
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
          </>
        )}
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

/** What the person asked for in a dialog before this one. */
function TakenUp({ button, reason }: { readonly button: string; readonly reason: string }) {
  const t = useTexts(PARTS);
  return (
    <div className="preview">
      <span>{t.askedBefore}</span>
      <strong>{button}</strong>
      <span className="quiet">{reason}</span>
    </div>
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
