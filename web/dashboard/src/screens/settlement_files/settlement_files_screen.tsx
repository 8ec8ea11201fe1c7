import { useNavigate, Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { SettlementFile } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ChoiceFilter, TextFilter, useSetFilters } from "../../parts/list_filters";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { settlementFilesRoute } from "./route";
import { SourcesCard } from "./sources_card";
import { FILE_STATUSES, FILE_TONES } from "./statuses";
import { SETTLEMENT_FILES } from "./texts";

/** The files that PSPs state their movements in, those fetched last first, below the sources that they come from. */
export function SettlementFilesScreen() {
  const t = useTexts(SETTLEMENT_FILES);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const navigate = useNavigate();
  const filters = settlementFilesRoute.useSearch();
  const set = useSetFilters(filters);
  const query = useList(["settlement_files", mode, filters], (part, signal) =>
    answerOf(api.GET("/staff/v1/settlement_files", { params: { query: { ...part, mode, ...(filters as object) } }, signal })),
  );
  const columns: readonly Column<SettlementFile>[] = [
    {
      name: t.name,
      width: "minmax(0, 1.6fr)",
      cell: (file) => (
        <Link to="/$mode/settlement_files/$fileId" params={{ mode, fileId: file.id }}>
          {file.name}
        </Link>
      ),
    },
    { name: t.status, width: "170px", isEndWhenNarrow: true, cell: (file) => <Status tone={FILE_TONES[file.status]}>{FILE_STATUSES[language][file.status]}</Status> },
    { name: t.account, width: "minmax(0, 0.8fr)", cell: (file) => file.account },
    { name: t.source, width: "minmax(0, 0.8fr)", isOnlyWide: true, cell: (file) => file.source },
    { name: t.size, width: "110px", isNumber: true, isOnlyWide: true, cell: (file) => t.bytes(file.size_bytes) },
    { name: t.fetched, width: "170px", isEndWhenNarrow: true, cell: (file) => <Time at={file.fetched_at} /> },
  ];
  const clear = (
    <button type="button" className="button" onClick={() => void navigate({ to: ".", search: {} as never })}>
      {t.clearAll}
    </button>
  );
  return (
    <>
      <PageHead title={t.title} />
      <SourcesCard />
      <div className="chips" role="group">
        <ChoiceFilter name={t.status} value={filters.status} names={FILE_STATUSES[language]} set={(value) => set({ status: value })} />
        <TextFilter name={t.source} value={filters.source} set={(value) => set({ source: value })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(file) => file.id}
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
