import { answerOf, useApi } from "../../api/client";
import type { HeldReport } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { REASONS, type ReportAct } from "./reasons";
import { HELD_REPORTS } from "./texts";

interface ReportDialogProps {
  readonly chargeId: string;
  readonly report: HeldReport;
  readonly act: ReportAct;
  readonly close: () => void;
}

/** Has a held report read again, or releases it without what it says. */
export function ReportDialog({ chargeId, report, act, close }: ReportDialogProps) {
  const t = useTexts(HELD_REPORTS);
  const { language } = useLanguage();
  const api = useApi();
  const toast = useToast();
  const mode = useModeOfPage();
  return (
    <ActDialog
      title={t[act]}
      subject={`${chargeId} ${report.psp_event_id}`}
      button={`${t[act]}: ${report.report_type}`}
      isDanger={act === "release"}
      preview={
        <>
          {mode === "live" && <strong>{t.live}</strong>}
          <span className="strong">
            {REASONS[language][report.reason]} · {report.psp} {report.psp_account}
          </span>
          <span>{report.detail}</span>
          <span className="code">{report.psp_event_id}</span>
          <span>{act === "release" ? t.releasePreview : t.readAgainPreview}</span>
        </>
      }
      values={{ psp_event_id: report.psp_event_id }}
      ask={(body, key) => {
        const params = { path: { charge_id: chargeId }, header: { "Idempotency-Key": key } };
        if (act === "release") return answerOf(api.POST("/staff/v1/held_reports/{charge_id}/release", { params, body }));
        return answerOf(api.POST("/staff/v1/held_reports/{charge_id}/read_again", { params, body }));
      }}
      done={() => toast(act === "release" ? t.released : t.readingAgain)}
      close={close}
    />
  );
}
