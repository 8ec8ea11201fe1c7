import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { ChargeFilter, ChargeSummary } from "../../api/types";
import { ExportButton } from "../../exports/export_button";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { MerchantName } from "../../parts/merchant";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { formatTime } from "../../time/times";
import { ChargeFilters } from "./charge_filters";
import { chargeFilter, isFiltered, type AddressFilters, type PersonalFilters } from "./filters";
import { useFilterWords } from "./filter_words";
import { PaymentMethod } from "./payment_method";
import { chargesRoute } from "./route";
import { STATES, stateOf, TONES } from "./statuses";
import { CHARGES } from "./texts";

const PAGE_ROWS = 50;

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Filters of the list of charges that are personal data. */
    personal?: PersonalFilters;
  }
}

/** All charges, newest first, by any filters. */
export function ChargesScreen() {
  const t = useTexts(CHARGES);
  const { locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const filters = chargesRoute.useSearch();
  const personal = useRouterState({ select: (state) => state.location.state.personal }) ?? {};
  const filter = chargeFilter(mode, filters, personal);
  const query = useInfiniteQuery({
    queryKey: ["charges", filter],
    queryFn: ({ pageParam, signal }) =>
      answerOf(
        api.POST("/staff/v1/charges/searches", {
          body: { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const set = (changed: AddressFilters, changedPersonal: PersonalFilters = personal) =>
    void navigate({ to: ".", search: changed as never, state: { personal: changedPersonal } });
  const lastPage = query.data?.pages.at(-1);
  const clear = (
    <button type="button" className="button" onClick={() => set({}, {})}>
      {t.clearAll}
    </button>
  );
  return (
    <>
      <PageHead title={t.title}>
        <ExportButton
          name="charges"
          filters={useFilterWords(filters, personal)}
          ask={(one, given, sent) => one.POST("/staff/v1/exports/charges", { ...sent, body: { ...given, filter } })}
        />
      </PageHead>
      <ChargeFilters filters={filters} personal={personal} set={set} />
      <Totals filter={filter} />
      <Rows
        label={t.title}
        query={query}
        columns={useColumns()}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(charge) => charge.id}
        pause={lastPage?.looked_back_to ? t.lookedBack(formatTime(lastPage.looked_back_to, locale, "day")) : null}
        empty={
          isFiltered(filters, personal) ? (
            <State title={t.nothing} actions={clear}>
              <p>{t.nothingWhy}</p>
            </State>
          ) : (
            <State title={t.empty}>
              <p>{t.emptyWhy}</p>
            </State>
          )
        }
      />
    </>
  );
}

function useColumns(): readonly Column<ChargeSummary>[] {
  const t = useTexts(CHARGES);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return [
    {
      name: t.amount,
      width: "minmax(146px, 0.8fr)",
      isNumber: true,
      cell: (charge) => (
        <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: charge.id }}>
          <Money amountMinor={charge.amount_minor} currency={charge.currency} />
        </Link>
      ),
    },
    {
      name: t.status,
      width: "132px",
      isEndWhenNarrow: true,
      cell: (charge) => {
        const state = stateOf(charge);
        return <Status tone={TONES[state]}>{STATES[language][state]}</Status>;
      },
    },
    { name: t.method, width: "156px", cell: (charge) => <PaymentMethod of={charge} /> },
    { name: t.customer, width: "minmax(0, 1.5fr)", cell: (charge) => charge.customer_email ?? <span className="quiet">—</span>, isOnlyWide: true },
    { name: t.description, width: "minmax(0, 1.3fr)", cell: (charge) => charge.description ?? "", isOnlyWide: true },
    { name: t.merchant, width: "minmax(0, 1fr)", cell: (charge) => <MerchantName id={charge.merchant} />, isOnlyWide: true },
    { name: t.created, width: "164px", isEndWhenNarrow: true, cell: (charge) => <Time at={charge.created_at} /> },
  ];
}

/** What the charges of the filters add up to. */
function Totals({ filter }: { filter: ChargeFilter }) {
  const t = useTexts(CHARGES);
  const { locale } = useLanguage();
  const api = useApi();
  const query = useQuery({
    queryKey: ["charges", "totals", filter],
    queryFn: ({ signal }) => answerOf(api.POST("/staff/v1/charges/totals", { body: filter, signal })),
  });
  const { data: totals = [], is_exact: isExact = true } = query.data ?? {};
  return (
    <ul className="totals" aria-live="polite" aria-busy={query.isPending}>
      {totals.map((total) => (
        <li key={total.currency}>
          <strong>{formatAmount(total.amount_minor, total.currency, locale)}</strong>{" "}
          <span className="quiet">
            {t.count(total.charges, isExact)} · {formatAmount(total.amount_captured_minor, total.currency, locale)} {t.captured} ·{" "}
            {formatAmount(total.amount_refunded_minor, total.currency, locale)} {t.refunded}
          </span>
        </li>
      ))}
    </ul>
  );
}
