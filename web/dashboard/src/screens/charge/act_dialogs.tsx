// The dialogs that act on a charge. Each has one idempotency key from when it opens, and says exactly what it will do.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Charge, RefundPreview } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { decimalOf, formatAmount, parseAmount } from "../../money/amounts";
import { ActDialog, REASON_CHARACTERS_MAX } from "../../parts/act_dialog";
import { Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { CHARGE } from "./texts";

export type ChargeAct = "refund" | "capture" | "cancel" | "inquire" | "note";

interface DialogProps {
  readonly charge: Charge;
  readonly close: () => void;
}

/** What an act sends: to which charge, and under which key. */
const sent = (charge: Charge, idempotencyKey: string) => ({
  path: { charge_id: charge.id },
  header: { "Idempotency-Key": idempotencyKey },
});

export function ChargeActDialog({ act, ...props }: DialogProps & { readonly act: ChargeAct }) {
  switch (act) {
    case "refund":
      return <RefundDialog {...props} />;
    case "capture":
      return <CaptureDialog {...props} />;
    case "cancel":
      return <CancelDialog {...props} />;
    case "inquire":
      return <InquiryDialog {...props} />;
    case "note":
      return <NoteDialog {...props} />;
  }
}

/** An amount that is typed, at most the largest that is possible, which it is at first. */
function useAmount(mostMinor: number, currency: string) {
  const [written, write] = useState(() => decimalOf(mostMinor, currency));
  const parsed = parseAmount(written, currency);
  const amountMinor = "amountMinor" in parsed && parsed.amountMinor > 0 && parsed.amountMinor <= mostMinor ? parsed.amountMinor : null;
  return { written, write, amountMinor };
}

function AmountField({ amount, mostMinor, currency }: { amount: ReturnType<typeof useAmount>; mostMinor: number; currency: string }) {
  const t = useTexts(CHARGE);
  const { locale } = useLanguage();
  return (
    <Field
      label={`${t.amount} (${currency.toUpperCase()})`}
      hint={t.amountHint(formatAmount(mostMinor, currency, locale))}
      flaw={amount.amountMinor === null ? t.amountFlaw : null}
    >
      {(ids) => (
        <input className="input" inputMode="decimal" autoComplete="off" {...ids} value={amount.written} onChange={(event) => amount.write(event.target.value)} />
      )}
    </Field>
  );
}

function LiveNotice({ charge }: { charge: Charge }) {
  const t = useTexts(CHARGE);
  return charge.livemode ? <strong>{t.live}</strong> : null;
}

/** Why one person does not make a refund alone: the server decided it by the limits that the preview has. */
function SecondPerson({ preview, shown }: { readonly preview: RefundPreview; readonly shown: (minor: number) => string }) {
  const t = useTexts(CHARGE);
  const { limit, amount_minor: amountMinor, currency } = preview;
  const why =
    limit === null
      ? t.noLimit(currency.toUpperCase())
      : amountMinor > limit.act_minor
        ? t.overAct(shown(amountMinor), shown(limit.act_minor))
        : t.overDay(shown(amountMinor), shown(limit.used_today_minor + amountMinor), shown(limit.day_minor));
  return <span>{t.secondPerson(why)}</span>;
}

function RefundDialog({ charge, close }: DialogProps) {
  const t = useTexts(CHARGE);
  const { locale } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const { currency, amount_refundable_minor: mostMinor } = charge;
  const amount = useAmount(mostMinor, currency);
  const shown = (minor: number) => formatAmount(minor, currency, locale);
  const query = useQuery({
    queryKey: ["refund_preview", charge.id, amount.amountMinor],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET("/staff/v1/charges/{charge_id}/refund_preview", {
          params: { path: { charge_id: charge.id }, query: { amount_minor: amount.amountMinor ?? mostMinor } },
          signal,
        }),
      ),
    enabled: amount.amountMinor !== null,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const preview = amount.amountMinor === null || query.isPlaceholderData ? null : query.data;
  const written = amount.amountMinor === null ? "" : shown(amount.amountMinor);
  return (
    <ActDialog
      title={t.refund}
      button={preview?.second_person_because ? t.propose(written) : t.refundOf(written)}
      preview={
        preview ? (
          <>
            <LiveNotice charge={charge} />
            <span>{preview.refusal ? preview.refusal.detail : t.refundPreview(shown(preview.amount_minor), shown(preview.left_after_minor))}</span>
            {preview.second_person_because && <SecondPerson preview={preview} shown={shown} />}
          </>
        ) : (
          "…"
        )
      }
      values={preview && !preview.refusal ? { amount_minor: preview.amount_minor } : null}
      ask={(values, key) => answerOf(api.POST("/staff/v1/charges/{charge_id}/refunds", { params: sent(charge, key), body: values }))}
      done={(answer) => toast(answer.object === "proposal" ? t.proposed : t.refundStarted)}
      close={close}
    >
      <AmountField amount={amount} mostMinor={mostMinor} currency={currency} />
    </ActDialog>
  );
}

function CaptureDialog({ charge, close }: DialogProps) {
  const t = useTexts(CHARGE);
  const { locale } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const { currency, amount_authorized_minor: mostMinor } = charge;
  const amount = useAmount(mostMinor, currency);
  const written = amount.amountMinor === null ? "" : formatAmount(amount.amountMinor, currency, locale);
  return (
    <ActDialog
      title={t.capture}
      button={t.captureOf(written)}
      preview={
        <>
          <LiveNotice charge={charge} />
          <span>{amount.amountMinor === null ? "…" : t.capturePreview(written)}</span>
        </>
      }
      values={amount.amountMinor === null ? null : { amount_minor: amount.amountMinor }}
      ask={(values, key) => answerOf(api.POST("/staff/v1/charges/{charge_id}/capture", { params: sent(charge, key), body: values }))}
      done={() => toast(t.captureStarted)}
      close={close}
    >
      <AmountField amount={amount} mostMinor={mostMinor} currency={currency} />
    </ActDialog>
  );
}

function CancelDialog({ charge, close }: DialogProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t.cancel}
      button={t.cancel}
      isDanger
      preview={t.cancelPreview}
      values={{}}
      ask={(values, key) => answerOf(api.POST("/staff/v1/charges/{charge_id}/cancel", { params: sent(charge, key), body: values }))}
      done={() => toast(t.cancelStarted)}
      close={close}
    />
  );
}

function InquiryDialog({ charge, close }: DialogProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t.inquire}
      button={t.inquire}
      preview={t.inquirePreview}
      values={{}}
      ask={(values, key) => answerOf(api.POST("/staff/v1/charges/{charge_id}/inquiry", { params: sent(charge, key), body: values }))}
      done={() => toast(t.inquired)}
      close={close}
    />
  );
}

const NOTE_CHARACTERS_MAX = 2_000;

/** The note is its own reason: the audit trail has the beginning of it, as long as a reason may be. */
function NoteDialog({ charge, close }: DialogProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t.addNote}
      button={t.addNote}
      preview={t.notePreview}
      reasonField={{ label: t.note, hint: t.noteHint, missing: t.noteMissing, charactersMax: NOTE_CHARACTERS_MAX }}
      values={{}}
      ask={({ reason: text }, key) =>
        answerOf(api.POST("/staff/v1/charges/{charge_id}/notes", { params: sent(charge, key), body: { text, reason: beginningOf(text, REASON_CHARACTERS_MAX) } }))
      }
      done={() => toast(t.noted)}
      close={close}
    />
  );
}

/** The first characters of a text. None is cut in two, as a cut between the halves of a surrogate pair would. */
function beginningOf(text: string, charactersMax: number): string {
  return Array.from(text).slice(0, charactersMax).join("").trim();
}
