import { Link, useNavigate } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { RefundRow } from "../../api/types";
import { ExportButton } from "../../exports/export_button";
import { useLanguage, useTexts } from "../../language/language";
import { ChoiceFilter, TextFilter, useSetFilters } from "../../parts/list_filters";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { PeriodFilter } from "../../parts/period_filter";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { PARTS } from "../../parts/texts";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { beginOf } from "../../time/days";
import { formatTime } from "../../time/times";
import { refundsRoute } from "./route";
import { STATUSES, TONES } from "./statuses";
import { REFUNDS } from "./texts";

/** All refunds, the newest first. */
export function RefundsScreen() {
  const t = useTexts(REFUNDS);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const filters = refundsRoute.useSearch();
  const set = useSetFilters(filters);
  const { merchant, from, until } = filters;
  const status = filters.status as RefundRow["status"] | undefined;
  const common = { mode, ...(status ? { status: [status] } : {}), ...(merchant ? { merchant } : {}) };
  const created = { ...(from ? { gte: beginOf(from, 0) } : {}), ...(until ? { lt: beginOf(until, 1) } : {}) };
  const query = useList(["refunds", mode, filters], (part, signal) =>
    answerOf(api.GET("/staff/v1/refunds", { params: { query: { ...part, ...common, created } }, signal })),
  );
  const clear = (
    <button type="button" className="button" onClick={() => void navigate({ to: ".", search: {} as never })}>
      {t.clearAll}
    </button>
  );
  return (
    <>
      <PageHead title={t.title}>
        <ExportButton
          name="refunds"
          filters={useWords()}
          ask={(one, given, sent) =>
            one.POST("/staff/v1/exports/refunds", {
              ...sent,
              body: { ...given, ...common, ...(created.gte ? { created_from: created.gte } : {}), ...(created.lt ? { created_before: created.lt } : {}) },
            })
          }
        />
      </PageHead>
      <div className="chips" role="group">
        <ChoiceFilter name={t.status} value={status} names={STATUSES[language]} set={(value) => set({ status: value })} />
        <PeriodFilter name={t.asked} from={from ?? ""} until={until ?? ""} set={set} />
        <TextFilter name={t.merchant} value={merchant} hint="mer_…" set={(value) => set({ merchant: value })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={useColumns()}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(refund) => refund.id}
        empty={
          Object.keys(filters).length > 0 ? (
            <State title={t.nothing} actions={clear}>
              <p>{t.nothingWhy}</p>
            </State>
          ) : (
            <State title={t.none}>
              <p>{t.noneWhy}</p>
            </State>
          )
        }
      />
    </>
  );
}

function useColumns(): readonly Column<RefundRow>[] {
  const t = useTexts(REFUNDS);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return [
    {
      name: t.amount,
      width: "minmax(146px, 0.7fr)",
      isNumber: true,
      cell: (refund) => (
        <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: refund.charge }}>
          <Money amountMinor={refund.amount_minor} currency={refund.currency} />
        </Link>
      ),
    },
    {
      name: t.status,
      width: "160px",
      isEndWhenNarrow: true,
      cell: (refund) =>
        refund.outcome_unknown_since ? <Status tone="warn">{t.unknown}</Status> : <Status tone={TONES[refund.status]}>{STATUSES[language][refund.status]}</Status>,
    },
    { name: t.charge, width: "minmax(0, 1.2fr)", cell: (refund) => <span className="code">{refund.charge}</span> },
    { name: t.merchant, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (refund) => <span className="code">{refund.merchant}</span> },
    { name: t.reference, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (refund) => <span className="code">{refund.psp_reference ?? ""}</span> },
    { name: t.asked, width: "142px", isEndWhenNarrow: true, cell: (refund) => <Time at={refund.created_at} /> },
  ];
}

/** The filters of the address in words. */
function useWords(): readonly (readonly [string, string])[] {
  const t = useTexts(REFUNDS);
  const parts = useTexts(PARTS);
  const { language, locale } = useLanguage();
  const { status, merchant, from, until } = refundsRoute.useSearch();
  const day = (written: string | undefined) => written && formatTime(beginOf(written, 0), locale, "day");
  const words: readonly (readonly [string, string | undefined])[] = [
    [t.status, status && STATUSES[language][status as RefundRow["status"]]],
    [`${t.asked}, ${parts.from}`, day(from)],
    [`${t.asked}, ${parts.until}`, day(until)],
    [t.merchant, merchant],
  ];
  return words.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
}
