import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { RiskList } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Choice, Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { LIST_KINDS, RISK_LISTS } from "./texts";

const NAME = /^[a-z][a-z0-9_]{0,59}$/;

export function CreateDialog({ close }: { close: () => void }) {
  const t = useTexts(RISK_LISTS);
  const { language } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<RiskList["kind"]>("email");
  const written = name.trim();
  const kinds = LIST_KINDS[language];
  return (
    <ActDialog
      title={t.create}
      button={t.create}
      preview={t.createPreview}
      values={NAME.test(written) ? { name: written, kind } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/risk_lists", { params: { header: { "Idempotency-Key": key } }, body }))}
      done={() => toast(t.done)}
      close={close}
    >
      <Field label={t.name} hint={t.nameHint} flaw={written && !NAME.test(written) ? t.nameFlaw : null}>
        {(ids) => <input className="input" maxLength={60} autoComplete="off" {...ids} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Choice
        label={t.kind}
        value={kind}
        options={Object.entries(kinds).map(([value, shown]) => ({ value, name: shown }))}
        choose={(value) => setKind(Object.keys(kinds).find((one): one is RiskList["kind"] => one === value) ?? "email")}
      />
    </ActDialog>
  );
}
