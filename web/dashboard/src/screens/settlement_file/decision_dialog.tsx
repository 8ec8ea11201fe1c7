// What a person decides about a file. Each decision says what the next run will do.

import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { SettlementFileRecord } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Choice, Field } from "../../parts/field";
import { useToast } from "../../parts/toasts";
import { FORMATS } from "../settlement_files/statuses";
import { DECISIONS, SETTLEMENT_FILE } from "./texts";

export type Decision = SettlementFileRecord["may"][number];

interface DecisionDialogProps {
  readonly file: SettlementFileRecord;
  readonly close: () => void;
}

export function DecisionDialog({ decision, ...props }: DecisionDialogProps & { readonly decision: Decision }) {
  return decision === "read_again" ? <ReadAgainDialog {...props} /> : <EndDialog decision={decision} {...props} />;
}

function EndDialog({ file, decision, close }: DecisionDialogProps & { readonly decision: "release" | "dismiss" }) {
  const t = useTexts(SETTLEMENT_FILE);
  const { language } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const name = DECISIONS[language][decision];
  return (
    <ActDialog
      title={`${name}: ${file.name}`}
      button={name}
      isDanger
      preview={decision === "release" ? t.releasePreview : t.dismissPreview}
      values={{}}
      ask={(body, key) => {
        const params = { path: { file_id: file.id }, header: { "Idempotency-Key": key } };
        if (decision === "release") return answerOf(api.POST("/staff/v1/settlement_files/{file_id}/release", { params, body }));
        return answerOf(api.POST("/staff/v1/settlement_files/{file_id}/dismiss", { params, body }));
      }}
      done={() => toast(t.done)}
      close={close}
    />
  );
}

function ReadAgainDialog({ file, close }: DecisionDialogProps) {
  const t = useTexts(SETTLEMENT_FILE);
  const { language } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const [format, setFormat] = useState("");
  const [accountId, setAccountId] = useState("");
  const chosen = Object.keys(FORMATS[language]).find((one): one is SettlementFileRecord["format"] => one === format);
  const written = accountId.trim();
  const name = DECISIONS[language].read_again;
  return (
    <ActDialog
      title={`${name}: ${file.name}`}
      button={name}
      preview={t.readAgainPreview}
      values={{ ...(chosen ? { format: chosen } : {}), ...(written ? { account_id: written } : {}) }}
      ask={(body, key) =>
        answerOf(api.POST("/staff/v1/settlement_files/{file_id}/read_again", { params: { path: { file_id: file.id }, header: { "Idempotency-Key": key } }, body }))
      }
      done={() => toast(t.done)}
      close={close}
    >
      <Choice label={t.readAs} value={format} all={t.asBefore} options={Object.entries(FORMATS[language]).map(([value, shown]) => ({ value, name: shown }))} choose={setFormat} />
      <Field label={t.statedId} hint={t.statedIdHint}>
        {(ids) => <input className="input" maxLength={100} autoComplete="off" {...ids} value={accountId} onChange={(event) => setAccountId(event.target.value)} />}
      </Field>
    </ActDialog>
  );
}
