// What a version is used for. To be live, and to take the live one out of use, are proposals.

import { answerOf, useApi } from "../../api/client";
import type { RiskRules } from "../../api/types";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { useToast } from "../../parts/toasts";
import { RISK_RULES } from "../risk_rules/texts";
import type { Use } from "./uses";

export function UseDialog({ found, use, close }: { found: RiskRules; use: Use; close: () => void }) {
  const t = useTexts(RISK_RULES);
  const api = useApi();
  const toast = useToast();
  const { version } = found;
  const preview = { shadow: t.shadowPreview(version), live: t.livePreview(version), retire: found.state === "live" ? t.retireLivePreview(version) : t.retirePreview(version) }[use];
  return (
    <ActDialog
      title={t[use]}
      button={t[use]}
      isDanger={use !== "shadow"}
      preview={preview}
      values={{}}
      ask={(body, key) => {
        const params = { path: { version: String(version) }, header: { "Idempotency-Key": key } };
        if (use === "shadow") return answerOf(api.POST("/staff/v1/risk_rules/{version}/shadow", { params, body }));
        if (use === "live") return answerOf(api.POST("/staff/v1/risk_rules/{version}/live", { params, body }));
        return answerOf(api.POST("/staff/v1/risk_rules/{version}/retire", { params, body }));
      }}
      done={(answer) => toast("kind" in answer ? t.proposed : t.done)}
      close={close}
    />
  );
}
