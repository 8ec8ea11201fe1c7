import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { SealedDay } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { SEALED_DAYS } from "./texts";

/** The days of bookings that are sealed, the latest first. */
export function SealedDaysScreen() {
  const t = useTexts(SEALED_DAYS);
  const { locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useList(["sealed_days", mode], (part, signal) => answerOf(api.GET("/staff/v1/sealed_days", { params: { query: { ...part, mode } }, signal })));
  const columns: readonly Column<SealedDay>[] = [
    {
      name: t.day,
      width: "120px",
      cell: (sealed) => (
        <Link to="/$mode/sealed_days/$day" params={{ mode, day: sealed.id }}>
          {sealed.id}
        </Link>
      ),
    },
    { name: t.entries, width: "100px", isNumber: true, isOnlyWide: true, cell: (sealed) => sealed.entries.toLocaleString(locale) },
    { name: t.postings, width: "100px", isNumber: true, isOnlyWide: true, cell: (sealed) => sealed.postings.toLocaleString(locale) },
    {
      name: t.debits,
      width: "minmax(0, 1fr)",
      isNumber: true,
      isEndWhenNarrow: true,
      cell: (sealed) => sealed.debits.map((sum) => formatAmount(sum.amount_minor, sum.currency, locale)).join(", ") || "—",
    },
    { name: t.hash, width: "minmax(0, 1.4fr)", cell: (sealed) => <span className="code">{sealed.manifest_hash}</span> },
    { name: t.sealed, width: "142px", isOnlyWide: true, cell: (sealed) => <Time at={sealed.sealed_at} /> },
  ];
  return (
    <>
      <PageHead title={t.title} lead={<p className="quiet small">{t.lead}</p>} />
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(sealed) => sealed.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
