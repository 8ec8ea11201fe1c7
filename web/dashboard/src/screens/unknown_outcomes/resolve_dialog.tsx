import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { UnknownOutcome } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { ActDialog } from "../../parts/act_dialog";
import { Choice, Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { OPERATIONS, OUTCOMES, outcomesOf, UNKNOWN, type Outcome } from "./texts";

/** Records what a person read at the PSP. No outcome is chosen before the person chooses one. */
export function ResolveDialog({ unknown, close }: { unknown: UnknownOutcome; close: () => void }) {
  const t = useTexts(UNKNOWN);
  const { language, locale } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const [outcome, setOutcome] = useState<Outcome | "">("");
  const [reference, setReference] = useState("");
  const written = reference.trim();
  const what = `${OPERATIONS[language][unknown.operation]} ${formatAmount(unknown.amount_minor, unknown.currency, locale)}`;
  const options = outcomesOf(unknown).map((value) => ({ value, name: OUTCOMES[language][value] }));
  return (
    <ActDialog
      title={t.resolve}
      subject={`${unknown.charge} ${unknown.refund ?? ""}`}
      button={outcome ? `${t.resolve}: ${OUTCOMES[language][outcome]}` : t.resolve}
      preview={
        <>
          {unknown.mode === "live" && <strong>{t.live}</strong>}
          <span>{outcome ? t.preview(what, OUTCOMES[language][outcome]) : t.previewOpen}</span>
        </>
      }
      values={outcome ? { outcome, refund: unknown.refund, ...(written ? { psp_reference: written } : {}) } : null}
      ask={(body, key) => {
        const params = { path: { charge_id: unknown.charge }, header: { "Idempotency-Key": key } };
        return answerOf(api.POST("/staff/v1/unknown_outcomes/{charge_id}/resolve", { params, body }));
      }}
      done={() => toast(t.resolved)}
      close={close}
    >
      <Choice label={t.outcome} value={outcome} all={t.choose} options={options} choose={(value) => setOutcome(value as Outcome | "")} />
      {unknown.psp_reference === null && (
        <Field label={t.reference} hint={t.referenceHint}>
          {(ids) => <input className="input" maxLength={255} autoComplete="off" {...ids} value={reference} onChange={(event) => setReference(event.target.value)} />}
        </Field>
      )}
    </ActDialog>
  );
}
