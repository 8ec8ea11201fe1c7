import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { Run } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { RUNS } from "./texts";

/** The runs of reconciliation, the latest first. */
export function RunsScreen() {
  const t = useTexts(RUNS);
  const { locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useList(["runs", mode], (part, signal) => answerOf(api.GET("/staff/v1/reconciliation_runs", { params: { query: { ...part, mode } }, signal })));
  const count = (many: number) => many.toLocaleString(locale);
  const columns: readonly Column<Run>[] = [
    {
      name: t.cutOff,
      width: "minmax(0, 1.2fr)",
      cell: (run) => (
        <Link to="/$mode/runs/$runId" params={{ mode, runId: run.id }}>
          <Time at={run.cut_off} />
        </Link>
      ),
    },
    { name: t.finished, width: "minmax(0, 1.2fr)", isOnlyWide: true, cell: (run) => <Time at={run.finished_at} /> },
    { name: t.files, width: "88px", isNumber: true, isOnlyWide: true, cell: (run) => count(run.files) },
    { name: t.matched, width: "150px", isNumber: true, isOnlyWide: true, cell: (run) => count(run.lines_matched) },
    { name: t.opened, width: "150px", isNumber: true, isEndWhenNarrow: true, cell: (run) => count(run.breaks_opened) },
    { name: t.closed, width: "130px", isNumber: true, isOnlyWide: true, cell: (run) => count(run.breaks_closed) },
  ];
  return (
    <>
      <PageHead title={t.title} />
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(run) => run.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
