import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { Dispute } from "../../api/types";
import { ExportButton } from "../../exports/export_button";
import { useLanguage, useTexts } from "../../language/language";
import { ChoiceFilter, TextFilter, useSetFilters } from "../../parts/list_filters";
import { MerchantName } from "../../parts/merchant";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { Countdown } from "./countdown";
import { disputesRoute } from "./route";
import { STATUSES, URGENCIES, URGENCY_TONES } from "./statuses";
import { DISPUTES } from "./texts";

/** Disputes, those with the soonest deadline first; unless a status is chosen, those that need a response. */
export function DisputesScreen() {
  const t = useTexts(DISPUTES);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const filters = disputesRoute.useSearch();
  const { status, merchant } = filters;
  const set = useSetFilters(filters);
  const query = useList(["disputes", mode, status, merchant], (part, signal) =>
    answerOf(
      api.GET("/staff/v1/disputes", {
        params: { query: { ...part, mode, order: "deadline", ...(status ? { status: [status as Dispute["status"]] } : {}), ...(merchant ? { merchant } : {}) } },
        signal,
      }),
    ),
  );
  const shownStatus = (status ?? "needs_response") as Dispute["status"];
  const columns: readonly Column<Dispute>[] = [
    {
      name: t.amount,
      width: "minmax(146px, 0.8fr)",
      isNumber: true,
      cell: (dispute) => (
        <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: dispute.charge }}>
          <Money amountMinor={dispute.amount_minor} currency={dispute.currency} />
        </Link>
      ),
    },
    {
      name: t.urgency,
      width: "150px",
      isEndWhenNarrow: true,
      cell: (dispute) => <Status tone={URGENCY_TONES[dispute.urgency]}>{URGENCIES[language][dispute.urgency]}</Status>,
    },
    { name: t.status, width: "minmax(0, 1fr)", cell: (dispute) => STATUSES[language][dispute.status] },
    { name: t.reason, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (dispute) => dispute.reason },
    { name: t.merchant, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (dispute) => <MerchantName id={dispute.merchant} /> },
    { name: t.opened, width: "142px", isOnlyWide: true, cell: (dispute) => <Time at={dispute.opened_at} /> },
    { name: t.due, width: "148px", isEndWhenNarrow: true, cell: (dispute) => <Countdown of={dispute} /> },
  ];
  return (
    <>
      <PageHead title={t.title} lead={status ? null : <p className="quiet small">{t.soonest}</p>}>
        <ExportButton
          name="disputes"
          filters={[[t.status, STATUSES[language][shownStatus]], ...(merchant ? [[t.merchant, merchant] as const] : [])]}
          ask={(one, given, sent) => one.POST("/staff/v1/exports/disputes", { ...sent, body: { ...given, mode, status: [shownStatus], ...(merchant ? { merchant } : {}) } })}
        />
      </PageHead>
      <div className="chips" role="group">
        <ChoiceFilter name={t.status} value={status} names={STATUSES[language]} set={(value) => set({ status: value })} />
        <TextFilter name={t.merchant} value={merchant} hint="mer_…" set={(value) => set({ merchant: value })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(dispute) => dispute.id}
        empty={
          <State title={status ? t.nothing : t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
