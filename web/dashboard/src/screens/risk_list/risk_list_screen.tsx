import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { RiskEntry } from "../../api/types";
import { useTexts } from "../../language/language";
import { Toggle } from "../../parts/filter";
import { useSetFilters } from "../../parts/list_filters";
import { MerchantName } from "../../parts/merchant";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useMay } from "../../session/permission";
import { RISK_LISTS } from "../risk_lists/texts";
import { riskListRoute } from "./route";

const AddDialog = lazy(() => import("./entry_dialogs").then(({ AddDialog }) => ({ default: AddDialog })));
const ImportDialog = lazy(() => import("./entry_dialogs").then(({ ImportDialog }) => ({ default: ImportDialog })));
const RemoveDialog = lazy(() => import("./entry_dialogs").then(({ RemoveDialog }) => ({ default: RemoveDialog })));

type Open = "add" | "import" | RiskEntry;

/** The entries of a list, those added first first, and what a person changes. */
export function RiskListScreen() {
  const { name } = riskListRoute.useParams();
  const filters = riskListRoute.useSearch();
  const set = useSetFilters(filters);
  const t = useTexts(RISK_LISTS);
  const api = useApi();
  const mayInTest = useMay("rules.manage", "test");
  const mayInLive = useMay("rules.manage", "live");
  const mayManage = mayInTest && mayInLive;
  const [open, setOpen] = useState<Open | null>(null);
  const query = useList(["risk_entries", name, filters], (part, signal) =>
    answerOf(
      api.GET("/staff/v1/risk_lists/{name}/entries", {
        params: { path: { name }, query: { ...part, ...(filters.history ? { history: "true" as const } : {}) } },
        signal,
      }),
    ),
  );
  const removal: Column<RiskEntry> = {
    name: t.remove,
    width: "110px",
    isEndWhenNarrow: true,
    cell: (entry) =>
      entry.removed_at === null && (
        <button type="button" className="button" aria-label={`${t.remove}: ${entry.value}`} onClick={() => setOpen(entry)}>
          {t.remove}
        </button>
      ),
  };
  const columns: readonly Column<RiskEntry>[] = [
    {
      name: t.value,
      width: "minmax(0, 1.4fr)",
      cell: (entry) => <strong>{entry.value}</strong>,
    },
    {
      name: t.state,
      width: "130px",
      isEndWhenNarrow: true,
      cell: (entry) => <Status tone={entry.removed_at === null ? "good" : "plain"}>{entry.removed_at === null ? t.counts : t.removed}</Status>,
    },
    { name: t.merchant, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (entry) => (entry.merchant === null ? t.all : <MerchantName id={entry.merchant} />) },
    { name: t.until, width: "170px", isOnlyWide: true, cell: (entry) => (entry.expires_at === null ? t.forGood : <Time at={entry.expires_at} />) },
    { name: t.by, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (entry) => entry.added_by },
    { name: t.reason, width: "minmax(0, 1.4fr)", cell: (entry) => entry.reason },
    ...(mayManage ? [removal] : []),
  ];
  return (
    <>
      <PageHead title={name}>
        {mayManage && (
          <>
            <button type="button" className="button" onClick={() => setOpen("import")}>
              {t.importMany}
            </button>
            <button type="button" className="button" data-kind="primary" onClick={() => setOpen("add")}>
              {t.add}
            </button>
          </>
        )}
      </PageHead>
      <div className="chips" role="group">
        <Toggle name={t.history} isOn={filters.history === "true"} set={(isOn) => set({ history: isOn ? "true" : "" })} />
      </div>
      <Rows
        label={name}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(entry) => entry.id}
        empty={
          <State title={t.noEntries}>
            <p>{t.noEntriesWhy}</p>
          </State>
        }
      />
      <Suspense>
        {open === "add" && <AddDialog list={name} close={() => setOpen(null)} />}
        {open === "import" && <ImportDialog list={name} close={() => setOpen(null)} />}
        {open !== null && typeof open === "object" && <RemoveDialog entry={open} close={() => setOpen(null)} />}
      </Suspense>
    </>
  );
}
