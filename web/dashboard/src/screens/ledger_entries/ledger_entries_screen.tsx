import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { LedgerEntry } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { TextFilter, useSetFilters } from "../../parts/list_filters";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { SubjectLink } from "../../parts/subject_link";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { sidesOf } from "../ledger_entry/sides";
import { ledgerEntriesRoute } from "./route";
import { ENTRIES } from "./texts";

/** The entries of a charge, payout, settlement file or adjustment. */
export function LedgerEntriesScreen() {
  const t = useTexts(ENTRIES);
  const filters = ledgerEntriesRoute.useSearch();
  const set = useSetFilters(filters);
  const { subject } = filters;
  return (
    <>
      <PageHead title={t.title} lead={subject?.startsWith("ch_") && <SubjectLink subject={subject} />} />
      <div className="chips" role="group">
        <TextFilter name={t.subject} hint={t.subjectHint} value={subject} set={(value) => set({ subject: value })} />
      </div>
      {subject ? (
        <Entries subject={subject} />
      ) : (
        <State title={t.choose}>
          <p>{t.chooseWhy}</p>
        </State>
      )}
    </>
  );
}

function Entries({ subject }: { subject: string }) {
  const t = useTexts(ENTRIES);
  const { locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useList(["ledger_entries", mode, subject], (part, signal) =>
    answerOf(api.GET("/staff/v1/ledger_entries", { params: { query: { ...part, mode, subject } }, signal })),
  );
  const columns: readonly Column<LedgerEntry>[] = [
    {
      name: t.entry,
      width: "84px",
      cell: (entry) => (
        <Link to="/$mode/ledger_entries/$entry" params={{ mode, entry: entry.id }}>
          {entry.id}
        </Link>
      ),
    },
    { name: t.kind, width: "minmax(0, 1fr)", isEndWhenNarrow: true, cell: (entry) => entry.kind },
    {
      name: t.debit,
      width: "minmax(146px, 0.7fr)",
      isNumber: true,
      isOnlyWide: true,
      cell: (entry) => sidesOf(entry).map(({ currency, debitMinor }) => formatAmount(debitMinor, currency, locale)).join(", "),
    },
    { name: t.description, width: "minmax(0, 1.2fr)", cell: (entry) => entry.description },
    { name: t.effective, width: "142px", isOnlyWide: true, cell: (entry) => <Time at={entry.effective_at} /> },
    { name: t.booked, width: "142px", isEndWhenNarrow: true, cell: (entry) => <Time at={entry.booked_at} /> },
  ];
  return (
    <Rows
      label={t.of(subject)}
      query={query}
      columns={columns}
      narrowColumns="minmax(0, 1fr) auto"
      keyOf={(entry) => entry.id}
      empty={
        <State title={t.none}>
          <p>{t.noneWhy}</p>
        </State>
      }
    />
  );
}
