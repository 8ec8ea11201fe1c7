import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { MERCHANT } from "./texts";

/** Whether the merchant may send card numbers in the page's mode, and who decided it. */
export function RawCardsCard({ merchantId }: { merchantId: string }) {
  const t = useTexts(MERCHANT);
  const api = useApi();
  const mode = useModeOfPage();
  const mayManage = useMay("merchants.manage", mode);
  const [decision, decide] = useState<boolean | null>(null);
  const query = useQuery({
    queryKey: ["raw_cards", merchantId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/merchants/{merchant_id}/raw_cards", { params: { path: { merchant_id: merchantId } }, signal })),
  });
  const last = query.data?.data.findLast((one) => one.mode === mode);
  const isEnabled = last?.is_enabled ?? false;
  const change = mayManage && query.data && (
    <button type="button" className="button" onClick={() => decide(!isEnabled)}>
      {isEnabled ? t.forbidRawCards : t.allowRawCards}
    </button>
  );
  return (
    <Card title={t.rawCards} aside={change}>
      <Loaded query={query} lines={1}>
        {() => (
          <>
            <p>{isEnabled ? t.rawCardsOn : t.rawCardsOff}</p>
            {last && (
              <p className="quiet small">
                {t.rawCardsSince(last.decided_by)} · <Time at={last.decided_at} /> · {last.reason}
              </p>
            )}
          </>
        )}
      </Loaded>
      {decision !== null && <DecisionDialog merchantId={merchantId} isEnabled={decision} close={() => decide(null)} />}
    </Card>
  );
}

function DecisionDialog({ merchantId, isEnabled, close }: { merchantId: string; isEnabled: boolean; close: () => void }) {
  const t = useTexts(MERCHANT);
  const api = useApi();
  const toast = useToast();
  const mode = useModeOfPage();
  const name = isEnabled ? t.allowRawCards : t.forbidRawCards;
  return (
    <ActDialog
      title={name}
      button={name}
      isDanger
      preview={
        <>
          {mode === "live" && <strong>{t.live}</strong>}
          <span>{isEnabled ? t.allowPreview : t.forbidPreview}</span>
          {mode === "live" && isEnabled && <span>{t.allowWaits}</span>}
        </>
      }
      values={{ mode, is_enabled: isEnabled }}
      ask={(body, key) =>
        answerOf(
          api.POST("/staff/v1/merchants/{merchant_id}/raw_cards", { params: { path: { merchant_id: merchantId }, header: { "Idempotency-Key": key } }, body }),
        )
      }
      done={(answer) => toast(answer.object === "proposal" ? t.decisionWaits : t.decided)}
      close={close}
    />
  );
}
