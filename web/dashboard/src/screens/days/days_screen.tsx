import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { SealedReport } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { DAYS } from "./texts";

/** Of `2026-11-28`. */
const DAY_LENGTH = 10;

/** The sealed reports of days, each chained by its hash to the one before, the last day first. */
export function DaysScreen() {
  const t = useTexts(DAYS);
  const { locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useList(["reconciliation_days", mode], (part, signal) =>
    answerOf(api.GET("/staff/v1/reconciliation_days", { params: { query: { ...part, mode } }, signal })),
  );
  const columns: readonly Column<SealedReport>[] = [
    {
      name: t.day,
      width: "minmax(0, 1fr)",
      cell: (day) => (
        <Link to="/$mode/days/$day" params={{ mode, day: day.id }}>
          {day.id}
        </Link>
      ),
    },
    { name: t.runs, width: "110px", isNumber: true, isOnlyWide: true, cell: (day) => day.runs.toLocaleString(locale) },
    {
      name: t.chain,
      width: "minmax(0, 1.2fr)",
      isEndWhenNarrow: true,
      cell: (day) => <Status tone={day.follows ? "good" : "bad"}>{day.follows ? t.follows : t.broken}</Status>,
    },
    { name: t.sealed, width: "190px", isOnlyWide: true, cell: (day) => <Time at={day.sealed_at} /> },
  ];
  return (
    <>
      <PageHead title={t.title} lead={query.isSuccess && <DaySoFar sealed={query.data.pages[0]?.data[0]?.id} />} />
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(day) => day.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}

interface DaySoFarProps {
  readonly sealed: string | undefined;
}

/** The way to the report of the day of the last run, where that day is after the last one sealed. */
function DaySoFar({ sealed }: DaySoFarProps) {
  const t = useTexts(DAYS);
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["runs", mode, "last"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/reconciliation_runs", { params: { query: { limit: 1, mode } }, signal })),
  });
  const last = query.data?.data[0];
  const day = last && new Date(last.cut_off).toISOString().slice(0, DAY_LENGTH);
  if (!day || (sealed && day <= sealed)) {
    return null;
  }
  return (
    <p>
      <Link to="/$mode/days/$day" params={{ mode, day }}>
        {t.soFar(day)}
      </Link>
    </p>
  );
}
