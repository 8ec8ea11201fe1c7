import { Link, useNavigate } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { UnclearedItem } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ChoiceFilter, TextFilter, useSetFilters } from "../../parts/list_filters";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { AmountsCard } from "./amounts_card";
import { ITEM_KINDS } from "./kinds";
import { unclearedRoute } from "./route";
import { UNCLEARED } from "./texts";

/** Money that no statement has told of: first in sums by age, then item by item. */
export function UnclearedScreen() {
  const t = useTexts(UNCLEARED);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const filters = unclearedRoute.useSearch();
  const set = useSetFilters(filters);
  const { min_days: minDays, max_days: maxDays, ...others } = filters;
  const query = useList(["uncleared_items", mode, filters], (part, signal) =>
    answerOf(
      api.GET("/staff/v1/uncleared_items", {
        params: {
          query: {
            ...part,
            mode,
            ...(others as object),
            ...(minDays ? { min_days: Number(minDays) } : {}),
            ...(maxDays ? { max_days: Number(maxDays) } : {}),
          },
        },
        signal,
      }),
    ),
  );
  const clear = (
    <button type="button" className="button" onClick={() => void navigate({ to: ".", search: {} as never })}>
      {t.clearAll}
    </button>
  );
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHead title={t.title} lead={<p className="quiet">{t.lead}</p>} />
      <AmountsCard />
      <div className="chips" role="group">
        <TextFilter name={t.account} hint={t.accountHint} value={filters.account} set={(value) => set({ account: value })} />
        <TextFilter name={t.currency} hint={t.currencyHint} value={filters.currency} set={(value) => set({ currency: value.toLowerCase() })} />
        <ChoiceFilter name={t.kind} value={filters.kind} names={ITEM_KINDS[language]} set={(value) => set({ kind: value })} />
        <TextFilter name={t.minDays} inputMode="numeric" value={minDays} set={(value) => set({ min_days: value })} />
        <TextFilter name={t.maxDays} inputMode="numeric" value={maxDays} set={(value) => set({ max_days: value })} />
      </div>
      <Rows
        label={t.list}
        query={query}
        columns={useColumns()}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(item) => item.id}
        empty={
          isFiltered ? (
            <State title={t.noMatch} actions={clear}>
              <p>{t.noMatchWhy}</p>
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

function useColumns(): readonly Column<UnclearedItem>[] {
  const t = useTexts(UNCLEARED);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return [
    {
      name: t.subject,
      width: "minmax(0, 1.3fr)",
      cell: (item) =>
        item.subject.startsWith("ch_") ? (
          <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: item.subject }} className="code">
            {item.subject}
          </Link>
        ) : (
          <span className="code">{item.subject}</span>
        ),
    },
    { name: t.gross, width: "minmax(146px, 0.7fr)", isNumber: true, isEndWhenNarrow: true, cell: (item) => <Money amountMinor={item.gross_minor} currency={item.currency} /> },
    { name: t.kind, width: "minmax(0, 0.8fr)", cell: (item) => ITEM_KINDS[language][item.kind] },
    { name: t.fee, width: "minmax(120px, 0.6fr)", isNumber: true, isOnlyWide: true, cell: (item) => <Money amountMinor={item.fee_minor} currency={item.currency} /> },
    { name: t.account, width: "minmax(0, 0.8fr)", isOnlyWide: true, cell: (item) => item.account },
    { name: t.reference, width: "minmax(0, 1.1fr)", isOnlyWide: true, cell: (item) => <span className="code">{item.psp_reference}</span> },
    { name: t.moved, width: "160px", isOnlyWide: true, cell: (item) => <Time at={item.effective_at} /> },
    { name: t.age, width: "88px", isEndWhenNarrow: true, cell: (item) => t.daysOld(item.days) },
  ];
}
