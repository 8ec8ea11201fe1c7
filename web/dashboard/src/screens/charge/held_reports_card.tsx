import { lazy, Suspense, useState } from "react";
import type { ChargeInFull, HeldReport } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Card } from "../../parts/page";
import { Distance } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { REASONS, REPORT_ACTS, type ReportAct } from "../held_reports/reasons";
import { HELD_REPORTS } from "../held_reports/texts";

const ReportDialog = lazy(() => import("../held_reports/report_dialog").then(({ ReportDialog }) => ({ default: ReportDialog })));

/** The reports of the PSP that do not fit the charge, and what a person can do about them. */
export function HeldReportsCard({ found }: { found: ChargeInFull }) {
  const t = useTexts(HELD_REPORTS);
  const { language } = useLanguage();
  const mayAct = useMay("outcomes.resolve", useModeOfPage());
  const [open, setOpen] = useState<{ readonly report: HeldReport; readonly act: ReportAct } | null>(null);
  if (found.held_reports.length === 0) return null;
  return (
    <Card title={t.title}>
      <ul className="lines">
        {found.held_reports.map((report) => (
          <li key={report.psp_event_id}>
            <span className="strong">{REASONS[language][report.reason]}</span>
            <span>{report.detail}</span>
            <span className="quiet small">
              {report.psp} · {report.psp_account} · <span className="code">{report.report_type}</span> · <span className="code">{report.psp_event_id}</span> ·{" "}
              <Distance at={report.held_at} />
            </span>
            {mayAct && (
              <span className="buttons">
                {REPORT_ACTS.map((act) => (
                  <button type="button" className="button" key={act} onClick={() => setOpen({ report, act })}>
                    {t[act]}
                  </button>
                ))}
              </span>
            )}
          </li>
        ))}
      </ul>
      {open && (
        <Suspense>
          <ReportDialog chargeId={found.id} {...open} close={() => setOpen(null)} />
        </Suspense>
      )}
    </Card>
  );
}
