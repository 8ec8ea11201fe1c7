import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { Adjustment } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { ADJUSTED, ADJUSTMENT_KINDS, ADJUSTMENTS } from "./texts";

/** What people booked for breaks, those decided last first. The break of each has its history, and takes it back. */
export function AdjustmentsScreen() {
  const t = useTexts(ADJUSTMENTS);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useList(["adjustments", mode], (part, signal) => answerOf(api.GET("/staff/v1/adjustments", { params: { query: { ...part, mode } }, signal })));
  const columns: readonly Column<Adjustment>[] = [
    {
      name: t.about,
      width: "minmax(0, 0.8fr)",
      cell: (one) =>
        one.break_id === null ? (
          ADJUSTED[language][one.adjusts]
        ) : (
          <Link to="/$mode/breaks/$breakId" params={{ mode, breakId: String(one.break_id) }}>
            {t.break(one.break_id)}
          </Link>
        ),
    },
    {
      name: t.amount,
      width: "minmax(146px, 0.7fr)",
      isNumber: true,
      isEndWhenNarrow: true,
      cell: (one) => <Money amountMinor={one.gross_minor + one.fee_minor} currency={one.currency} />,
    },
    { name: t.kind, width: "minmax(0, 0.8fr)", cell: (one) => ADJUSTMENT_KINDS[language][one.kind] },
    {
      name: t.state,
      width: "minmax(0, 1fr)",
      isEndWhenNarrow: true,
      cell: (one) =>
        one.reversed_at === null ? <Status tone={one.is_matched ? "good" : "info"}>{one.is_matched ? t.matched : t.waits}</Status> : <Status>{t.reversed}</Status>,
    },
    { name: t.by, width: "minmax(0, 0.9fr)", isOnlyWide: true, cell: (one) => one.by },
    { name: t.reason, width: "minmax(0, 1.4fr)", isOnlyWide: true, cell: (one) => one.reason },
    { name: t.when, width: "160px", isOnlyWide: true, cell: (one) => <Time at={one.decided_at} /> },
  ];
  return (
    <>
      <PageHead title={t.title} />
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(one) => one.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
