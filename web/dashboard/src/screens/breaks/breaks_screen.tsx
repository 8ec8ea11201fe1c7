import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { Break, BreakExport } from "../../api/types";
import { ExportButton } from "../../exports/export_button";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Toggle } from "../../parts/filter";
import { ChoiceFilter, TextFilter, useSetFilters } from "../../parts/list_filters";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { CLASSES, STATUSES, TONES } from "./classes";
import { breaksRoute } from "./route";
import { BREAKS } from "./texts";

/** What statements and the ledger say differently, those opened last first. */
export function BreaksScreen() {
  const t = useTexts(BREAKS);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const filters = breaksRoute.useSearch();
  const set = useSetFilters(filters);
  const { min_days: minDays, ...others } = filters;
  const query = useList(["breaks", mode, filters], (part, signal) =>
    answerOf(
      api.GET("/staff/v1/breaks", {
        params: { query: { ...part, mode, ...(others as object), ...(minDays ? { min_days: Number(minDays) } : {}) } },
        signal,
      }),
    ),
  );
  const words: readonly (readonly [string, string | undefined])[] = [
    [t.class, filters.class && CLASSES[language][filters.class as Break["break_class"]]],
    [t.status, filters.status && STATUSES[language][filters.status as Break["status"]]],
    [t.account, filters.account],
    [t.minDays, filters.min_days],
    [t.charge, filters.charge],
    [t.unowned, filters.unowned && ""],
    [t.closed, filters.closed && ""],
  ];
  const isFiltered = Object.keys(filters).length > 0;
  const clear = (
    <button type="button" className="button" onClick={() => void navigate({ to: ".", search: {} as never })}>
      {t.clearAll}
    </button>
  );
  return (
    <>
      <PageHead title={t.title}>
        <ExportButton
          name="breaks"
          filters={words.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))}
          ask={(one, given, sent) => one.POST("/staff/v1/exports/breaks", { ...sent, body: { ...given, mode, ...exported(filters) } })}
        />
      </PageHead>
      <div className="chips" role="group">
        <ChoiceFilter name={t.class} value={filters.class} names={CLASSES[language]} set={(value) => set({ class: value })} />
        <ChoiceFilter name={t.status} value={filters.status} names={STATUSES[language]} set={(value) => set({ status: value })} />
        <TextFilter name={t.account} hint={t.accountHint} value={filters.account} set={(value) => set({ account: value })} />
        <TextFilter name={t.minDays} inputMode="numeric" value={filters.min_days} set={(value) => set({ min_days: value })} />
        <Toggle name={t.unowned} isOn={filters.unowned === "true"} set={(isOn) => set({ unowned: isOn ? "true" : "" })} />
        <Toggle name={t.closed} isOn={filters.closed === "true"} set={(isOn) => set({ closed: isOn ? "true" : "" })} />
        {filters.charge && <Toggle name={`${t.charge}: ${filters.charge}`} isOn set={() => set({ charge: "" })} />}
      </div>
      <Sums />
      <Rows
        label={t.title}
        query={query}
        columns={useColumns()}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(row) => row.id}
        empty={
          isFiltered ? (
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

/** The filters of the address as the export takes them. */
function exported(filters: ReturnType<typeof breaksRoute.useSearch>): Omit<BreakExport, "mode" | "reason"> {
  const [psp, account] = (filters.account ?? "").split("/");
  return {
    ...(filters.class ? { break_class: filters.class as Break["break_class"] } : {}),
    ...(filters.status ? { status: filters.status as Break["status"] } : {}),
    ...(psp ? { psp } : {}),
    ...(account ? { psp_account: account } : {}),
    ...(filters.min_days ? { min_days: Number(filters.min_days) } : {}),
    ...(filters.charge ? { charge: filters.charge } : {}),
    ...(filters.unowned ? { unowned: true } : {}),
    ...(filters.closed ? { closed: true } : {}),
  };
}

function useColumns(): readonly Column<Break>[] {
  const t = useTexts(BREAKS);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return [
    {
      name: t.amount,
      width: "minmax(146px, 0.8fr)",
      isNumber: true,
      cell: (row) => (
        <Link to="/$mode/breaks/$breakId" params={{ mode, breakId: row.id }}>
          {row.amount_minor !== null && row.currency ? <Money amountMinor={row.amount_minor} currency={row.currency} /> : t.wholeFile}
        </Link>
      ),
    },
    { name: t.status, width: "132px", isEndWhenNarrow: true, cell: (row) => <Status tone={TONES[row.status]}>{STATUSES[language][row.status]}</Status> },
    { name: t.class, width: "minmax(0, 1.2fr)", cell: (row) => CLASSES[language][row.break_class] },
    { name: t.account, width: "minmax(0, 0.8fr)", isOnlyWide: true, cell: (row) => row.account },
    { name: t.reference, width: "minmax(0, 1.2fr)", isOnlyWide: true, cell: (row) => <span className="code">{row.reference ?? row.charge ?? row.file_name ?? ""}</span> },
    { name: t.owner, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (row) => row.owner ?? <span className="quiet">—</span> },
    { name: t.age, width: "88px", isEndWhenNarrow: true, cell: (row) => t.days(row.days) },
  ];
}

/** What all breaks that are not closed come to, each sum a way to its breaks. */
function Sums() {
  const t = useTexts(BREAKS);
  const { language, locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["breaks", "sums", mode],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/break_sums", { params: { query: { mode } }, signal })),
  });
  return (
    <ul className="totals" aria-label={t.sums} aria-live="polite" aria-busy={query.isPending}>
      {(query.data?.data ?? []).map((sum) => (
        <li key={`${sum.status}-${sum.break_class}-${sum.currency}`}>
          <Link to="/$mode/breaks" params={{ mode }} search={{ class: sum.break_class, status: sum.status }}>
            {CLASSES[language][sum.break_class]}
          </Link>{" "}
          <strong>{sum.currency ? formatAmount(sum.amount_minor, sum.currency, locale) : ""}</strong>{" "}
          <span className="quiet">
            {sum.breaks} {STATUSES[language][sum.status]} · {t.oldest(t.days(sum.oldest_days))}
          </span>
        </li>
      ))}
    </ul>
  );
}
