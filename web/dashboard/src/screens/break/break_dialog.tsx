// The dialogs that act on a break: each says what will be kept or booked, and that a second person may have to approve it.

import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Adjustment, BreakRecord } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { ActDialog } from "../../parts/act_dialog";
import { Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { useMe } from "../../session/permission";
import { ACTS, BREAK } from "./texts";

type Wording = "note" | "explain" | "reopen";
type Booking = "adjust" | "write_off";

interface DialogProps {
  readonly found: BreakRecord;
  readonly close: () => void;
}

/** What a person chose to do. */
export type BreakAct = { readonly act: Exclude<BreakRecord["may"][number], "reverse"> } | { readonly act: "reverse"; readonly adjustment: Adjustment };

export function BreakActDialog({ chosen, ...props }: DialogProps & { readonly chosen: BreakAct }) {
  switch (chosen.act) {
    case "assign":
      return <AssignDialog {...props} />;
    case "claim":
      return <ClaimDialog {...props} />;
    case "adjust":
    case "write_off":
      return <BookingDialog act={chosen.act} {...props} />;
    case "reverse":
      return <ReversalDialog adjustment={chosen.adjustment} {...props} />;
    default:
      return <WordingDialog act={chosen.act} {...props} />;
  }
}

const sent = (found: BreakRecord, idempotencyKey: string) => ({
  path: { break_id: found.id },
  header: { "Idempotency-Key": idempotencyKey },
});

/** A note, an explanation, or the wish to look again: a reason and nothing more. */
function WordingDialog({ found, act, close }: DialogProps & { readonly act: Wording }) {
  const t = useTexts(BREAK);
  const { language } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const previews = { note: t.notePreview, explain: t.explainPreview, reopen: t.reopenPreview };
  const name = ACTS[language][act];
  return (
    <ActDialog
      title={name}
      button={name}
      preview={previews[act]}
      values={{}}
      ask={(body, key) => {
        const params = sent(found, key);
        if (act === "note") return answerOf(api.POST("/staff/v1/breaks/{break_id}/note", { params, body }));
        if (act === "explain") return answerOf(api.POST("/staff/v1/breaks/{break_id}/explain", { params, body }));
        return answerOf(api.POST("/staff/v1/breaks/{break_id}/reopen", { params, body }));
      }}
      done={() => toast(t.done)}
      close={close}
    />
  );
}

function AssignDialog({ found, close }: DialogProps) {
  const t = useTexts(BREAK);
  const { language } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const [owner, setOwner] = useState(useMe().username);
  const written = owner.trim();
  const name = ACTS[language].assign;
  return (
    <ActDialog
      title={name}
      button={name}
      preview={written ? t.assignPreview(written) : "…"}
      values={written ? { owner: written } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/breaks/{break_id}/assign", { params: sent(found, key), body }))}
      done={() => toast(t.done)}
      close={close}
    >
      <Field label={t.owner} hint={t.ownerHint} flaw={written ? null : t.ownerFlaw}>
        {(ids) => <input className="input" maxLength={255} autoComplete="off" {...ids} value={owner} onChange={(event) => setOwner(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}

function ClaimDialog({ found, close }: DialogProps) {
  const t = useTexts(BREAK);
  const { language } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const [reference, setReference] = useState("");
  const written = reference.trim();
  const name = ACTS[language].claim;
  return (
    <ActDialog
      title={name}
      button={name}
      preview={t.claimPreview}
      values={written ? { reference: written } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/breaks/{break_id}/claim", { params: sent(found, key), body }))}
      done={() => toast(t.done)}
      close={close}
    >
      <Field label={t.claimReference} hint={t.claimHint} flaw={written ? null : t.claimFlaw}>
        {(ids) => <input className="input" maxLength={200} autoComplete="off" {...ids} value={reference} onChange={(event) => setReference(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}

function LiveNotice({ found }: { found: BreakRecord }) {
  const t = useTexts(BREAK);
  return found.mode === "live" ? <strong>{t.live}</strong> : null;
}

/** An adjustment or a write-off of the amount that the person sees: the server refuses it where that has changed. */
function BookingDialog({ found, act, close }: DialogProps & { readonly act: Booking }) {
  const t = useTexts(BREAK);
  const { language, locale } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const [amountMinor] = useState(found.amount_minor);
  const amount = amountMinor !== null && found.currency ? formatAmount(amountMinor, found.currency, locale) : "";
  const name = ACTS[language][act];
  return (
    <ActDialog
      title={name}
      button={`${name}: ${amount}`}
      isDanger={act === "write_off"}
      preview={
        <>
          <LiveNotice found={found} />
          <span>{act === "adjust" ? t.adjustPreview(amount) : t.writeOffPreview(amount)}</span>
          <span>{t.maybeSecond}</span>
        </>
      }
      values={amountMinor === null ? null : { amount_minor: amountMinor }}
      ask={(body, key) => {
        const params = sent(found, key);
        if (act === "adjust") return answerOf(api.POST("/staff/v1/breaks/{break_id}/adjust", { params, body }));
        return answerOf(api.POST("/staff/v1/breaks/{break_id}/write_off", { params, body }));
      }}
      done={(answer) => toast(answer.object === "proposal" ? t.proposed : t.booked)}
      close={close}
    />
  );
}

function ReversalDialog({ found, adjustment, close }: DialogProps & { readonly adjustment: Adjustment }) {
  const t = useTexts(BREAK);
  const { language, locale } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const name = ACTS[language].reverse;
  return (
    <ActDialog
      title={name}
      subject={adjustment.id}
      button={name}
      isDanger
      preview={
        <>
          <LiveNotice found={found} />
          <span>{t.reversePreview(formatAmount(adjustment.gross_minor + adjustment.fee_minor, adjustment.currency, locale))}</span>
          <span>{t.maybeSecond}</span>
        </>
      }
      values={{}}
      ask={(body, key) => {
        const params = { path: { adjustment_id: adjustment.id }, header: { "Idempotency-Key": key } };
        return answerOf(api.POST("/staff/v1/adjustments/{adjustment_id}/reverse", { params, body }));
      }}
      done={(answer) => toast(answer.object === "proposal" ? t.proposed : t.booked)}
      close={close}
    />
  );
}
