import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount, parseAmount } from "../../money/amounts";
import { ActDialog } from "../../parts/act_dialog";
import { Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { formatShare, parseShare } from "./share";
import { MERCHANT } from "./texts";

/** A plan for charges from now on. It says what a capture will cost before it is set. */
export function PlanDialog({ merchantId, close }: { merchantId: string; close: () => void }) {
  const t = useTexts(MERCHANT);
  const { locale } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const [currency, setCurrency] = useState("");
  const [share, setShare] = useState("");
  const [fixed, setFixed] = useState("0");
  const code = currency.trim().toLowerCase();
  const isCurrency = /^[a-z]{3}$/.test(code);
  const basisPoints = parseShare(share);
  const amount = isCurrency ? parseAmount(fixed, code) : { flaw: "empty" as const };
  const values = isCurrency && basisPoints !== null && "amountMinor" in amount ? { currency: code, basis_points: basisPoints, fixed_minor: amount.amountMinor } : null;
  return (
    <ActDialog
      title={t.setPlan}
      button={t.setPlan}
      isDanger
      preview={values ? t.planPreview(formatShare(values.basis_points, locale), formatAmount(values.fixed_minor, code, locale)) : "…"}
      values={values}
      ask={(body, key) =>
        answerOf(
          api.POST("/staff/v1/merchants/{merchant_id}/fee_plans", { params: { path: { merchant_id: merchantId }, header: { "Idempotency-Key": key } }, body }),
        )
      }
      done={() => toast(t.planSet)}
      close={close}
    >
      <Field label={t.currency} hint={t.currencyHint} flaw={currency && !isCurrency ? t.currencyFlaw : null}>
        {(ids) => <input className="input" maxLength={3} autoComplete="off" {...ids} value={currency} onChange={(event) => setCurrency(event.target.value)} />}
      </Field>
      <Field label={t.share} hint={t.shareHint} flaw={share && basisPoints === null ? t.shareFlaw : null}>
        {(ids) => <input className="input" inputMode="decimal" autoComplete="off" {...ids} value={share} onChange={(event) => setShare(event.target.value)} />}
      </Field>
      <Field label={t.fixed} hint={t.fixedHint} flaw={isCurrency && !("amountMinor" in amount) ? t.fixedFlaw : null}>
        {(ids) => <input className="input" inputMode="decimal" autoComplete="off" {...ids} value={fixed} onChange={(event) => setFixed(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}
