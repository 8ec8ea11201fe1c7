import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { HeldReportRow } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { TextFilter, useSetFilters } from "../../parts/list_filters";
import { MerchantName } from "../../parts/merchant";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Distance } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { REASONS, REPORT_ACTS, type ReportAct } from "./reasons";
import { heldReportsRoute } from "./route";
import { HELD_REPORTS } from "./texts";

const ReportDialog = lazy(() => import("./report_dialog").then(({ ReportDialog }) => ({ default: ReportDialog })));

/** Reports of PSPs that do not fit their charges, those that have waited longest at the top. */
export function HeldReportsScreen() {
  const t = useTexts(HELD_REPORTS);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const mayAct = useMay("outcomes.resolve", mode);
  const filters = heldReportsRoute.useSearch();
  const { merchant, charge } = filters;
  const set = useSetFilters(filters);
  const [open, setOpen] = useState<{ readonly report: HeldReportRow; readonly act: ReportAct } | null>(null);
  const query = useList(["held_reports", mode, merchant, charge], (part, signal) =>
    answerOf(
      api.GET("/staff/v1/held_reports", {
        params: { query: { ...part, mode, ...(merchant ? { merchant } : {}), ...(charge ? { charge } : {}) } },
        signal,
      }),
    ),
  );
  const columns: readonly Column<HeldReportRow>[] = [
    {
      name: t.reason,
      width: "minmax(0, 1.1fr)",
      cell: (report) => (
        <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: report.charge }}>
          {REASONS[language][report.reason]}
        </Link>
      ),
    },
    { name: t.since, width: "128px", isEndWhenNarrow: true, cell: (report) => <Distance at={report.held_at} /> },
    { name: t.type, width: "minmax(0, 1.2fr)", isOnlyWide: true, cell: (report) => <span className="code">{report.report_type}</span> },
    { name: t.account, width: "minmax(0, 0.8fr)", isOnlyWide: true, cell: (report) => `${report.psp} · ${report.psp_account}` },
    { name: t.merchant, width: "minmax(0, 0.9fr)", isOnlyWide: true, cell: (report) => <MerchantName id={report.merchant} /> },
    ...(mayAct
      ? REPORT_ACTS.map((act) => ({
          name: t[act],
          width: act === "release" ? "112px" : "148px",
          isEndWhenNarrow: act === "release",
          cell: (report: HeldReportRow) => (
            <button type="button" className="button" data-kind="plain" onClick={() => setOpen({ report, act })}>
              {t[act]}
            </button>
          ),
        }))
      : []),
  ];
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHead title={t.title} lead={<p className="quiet small">{t.oldest}</p>} />
      <div className="chips" role="group">
        <TextFilter name={t.merchant} value={merchant} hint="mer_…" set={(value) => set({ merchant: value })} />
        <TextFilter name={t.charge} value={charge} hint="ch_…" set={(value) => set({ charge: value })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(report) => report.id}
        empty={
          <State title={isFiltered ? t.nothing : t.none}>
            <p>{isFiltered ? t.nothingWhy : t.noneWhy}</p>
          </State>
        }
      />
      {open && (
        <Suspense>
          <ReportDialog chargeId={open.report.charge} {...open} close={() => setOpen(null)} />
        </Suspense>
      )}
    </>
  );
}
