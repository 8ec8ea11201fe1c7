import { answerOf, useApi } from "../../api/client";
import type { ChargeSummary } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { ActDialog } from "../../parts/act_dialog";
import { useToast } from "../../parts/toasts";
import { REVIEWS } from "./texts";

export type ReviewDecision = "approve" | "decline";

interface ReviewDialogProps {
  readonly charge: ChargeSummary;
  readonly decision: ReviewDecision;
  readonly close: () => void;
}

export function ReviewDialog({ charge, decision, close }: ReviewDialogProps) {
  const t = useTexts(REVIEWS);
  const { locale } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const amount = formatAmount(charge.amount_minor, charge.currency, locale);
  return (
    <ActDialog
      title={t[decision]}
      subject={charge.id}
      button={`${t[decision]}: ${amount}`}
      isDanger={decision === "decline"}
      preview={
        <>
          {charge.mode === "live" && <strong>{t.live}</strong>}
          <span>{decision === "approve" ? t.approvePreview(amount) : t.declinePreview(amount)}</span>
        </>
      }
      values={{}}
      ask={(body, key) => {
        const params = { path: { charge_id: charge.id }, header: { "Idempotency-Key": key } };
        if (decision === "approve") return answerOf(api.POST("/staff/v1/cases/{charge_id}/approve", { params, body }));
        return answerOf(api.POST("/staff/v1/cases/{charge_id}/decline", { params, body }));
      }}
      done={() => toast(decision === "approve" ? t.approved : t.declined)}
      close={close}
    />
  );
}
