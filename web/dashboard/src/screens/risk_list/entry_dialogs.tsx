// What a person changes on a list.

import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { RiskEntry } from "../../api/types";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { RISK_LISTS } from "../risk_lists/texts";

const VALUE_CHARACTERS_MAX = 320;
const IMPORTED_MAX = 500;

interface DialogProps {
  readonly list: string;
  readonly close: () => void;
}

function MerchantField({ merchant, write }: { merchant: string; write: (merchant: string) => void }) {
  const t = useTexts(RISK_LISTS);
  return (
    <Field label={t.merchant} hint={t.merchantHint}>
      {(ids) => <input className="input" maxLength={80} autoComplete="off" {...ids} value={merchant} onChange={(event) => write(event.target.value)} />}
    </Field>
  );
}

export function AddDialog({ list, close }: DialogProps) {
  const t = useTexts(RISK_LISTS);
  const api = useApi();
  const toast = useToast();
  const [value, setValue] = useState("");
  const [merchant, setMerchant] = useState("");
  const [until, setUntil] = useState("");
  const written = value.trim();
  return (
    <ActDialog
      title={`${t.add}: ${list}`}
      button={t.add}
      preview={written ? `${t.addPreview(written, list)} ${t.mayNeedTwo}` : "…"}
      values={written ? { value: written, merchant: merchant.trim() || null, expires_at: until ? new Date(until).toISOString() : null } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/risk_lists/{name}/add", { params: { path: { name: list }, header: { "Idempotency-Key": key } }, body }))}
      done={(answer) => toast(answer.object === "proposal" ? t.proposed : t.done)}
      close={close}
    >
      <Field label={t.value} hint={t.valueHint} flaw={written ? null : t.valueFlaw}>
        {(ids) => <input className="input" maxLength={VALUE_CHARACTERS_MAX} autoComplete="off" {...ids} value={value} onChange={(event) => setValue(event.target.value)} />}
      </Field>
      <MerchantField merchant={merchant} write={setMerchant} />
      <Field label={t.until} hint={t.forGood}>
        {(ids) => <input className="input" type="datetime-local" {...ids} value={until} onChange={(event) => setUntil(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}

export function ImportDialog({ list, close }: DialogProps) {
  const t = useTexts(RISK_LISTS);
  const api = useApi();
  const toast = useToast();
  const [written, write] = useState("");
  const values = written.split("\n").flatMap((line) => line.trim() || []);
  const isGood = values.length > 0 && values.length <= IMPORTED_MAX;
  return (
    <ActDialog
      title={`${t.importMany}: ${list}`}
      button={t.importMany}
      preview={isGood ? `${t.importPreview(values.length, list)} ${t.mayNeedTwo}` : "…"}
      values={isGood ? { entries: values.map((value) => ({ value, merchant: null, expires_at: null })) } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/risk_lists/{name}/import", { params: { path: { name: list }, header: { "Idempotency-Key": key } }, body }))}
      done={(answer) => toast(answer.object === "proposal" ? t.proposed : t.done)}
      close={close}
    >
      <Field label={t.values} hint={t.valuesHint} flaw={written && !isGood ? t.valuesFlaw : null}>
        {(ids) => <textarea className="input code" rows={10} spellCheck={false} {...ids} value={written} onChange={(event) => write(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}

export function RemoveDialog({ entry, close }: { readonly entry: RiskEntry; readonly close: () => void }) {
  const t = useTexts(RISK_LISTS);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={`${t.remove}: ${entry.value}`}
      button={t.remove}
      isDanger
      preview={`${t.removePreview(entry.value, entry.list)} ${t.mayNeedTwo}`}
      values={{ value: entry.value, merchant: entry.merchant }}
      ask={(body, key) => answerOf(api.POST("/staff/v1/risk_lists/{name}/remove", { params: { path: { name: entry.list }, header: { "Idempotency-Key": key } }, body }))}
      done={(answer) => toast(answer.object === "proposal" ? t.proposed : t.done)}
      close={close}
    />
  );
}
