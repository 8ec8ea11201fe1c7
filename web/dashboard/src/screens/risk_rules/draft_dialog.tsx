import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { useToast } from "../../parts/toasts";
import { RulesField } from "../../rules/rules_field";
import { RISK_RULES } from "./texts";

/** A further version; its text begins with the one that is live. */
export function DraftDialog({ text: live, close }: { text: string; close: () => void }) {
  const t = useTexts(RISK_RULES);
  const api = useApi();
  const toast = useToast();
  const [text, write] = useState(live);
  return (
    <ActDialog
      title={t.draft}
      button={t.draft}
      size="wide"
      preview={t.draftPreview}
      values={text.trim() ? { text } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/risk_rules/drafts", { params: { header: { "Idempotency-Key": key } }, body }))}
      done={() => toast(t.drafted)}
      close={close}
    >
      <RulesField text={text} write={write} check={(checked) => answerOf(api.POST("/staff/v1/risk_rules/checks", { body: { text: checked } }))} />
    </ActDialog>
  );
}
