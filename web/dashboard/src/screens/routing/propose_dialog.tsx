import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { useToast } from "../../parts/toasts";
import { RulesField } from "../../rules/rules_field";
import { ROUTING } from "./texts";

interface ProposeDialogProps {
  /** What is live now: the text begins with it, and the proposal replaces it. */
  readonly live: { readonly version: number; readonly text: string };
  readonly close: () => void;
}

export function ProposeDialog({ live, close }: ProposeDialogProps) {
  const t = useTexts(ROUTING);
  const api = useApi();
  const toast = useToast();
  const [text, write] = useState(live.text);
  const [after] = useState(live.version);
  return (
    <ActDialog
      title={t.propose}
      button={t.propose}
      size="wide"
      preview={t.proposePreview(after)}
      values={text.trim() ? { text, after } : null}
      ask={(body, key) => answerOf(api.POST("/staff/v1/routing_rules/live", { params: { header: { "Idempotency-Key": key } }, body }))}
      done={() => toast(t.proposed)}
      close={close}
    >
      <RulesField text={text} write={write} check={(checked) => answerOf(api.POST("/staff/v1/routing_rules/checks", { body: { text: checked } }))} />
    </ActDialog>
  );
}
