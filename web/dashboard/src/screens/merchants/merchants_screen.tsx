import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { Merchant } from "../../api/types";
import { useTexts } from "../../language/language";
import { TextFilter, useSetFilters } from "../../parts/list_filters";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { merchantsRoute } from "./route";
import { MERCHANTS } from "./texts";

const AddDialog = lazy(() => import("./add_dialog").then(({ AddDialog }) => ({ default: AddDialog })));

/** The merchants of the installation, the oldest first. */
export function MerchantsScreen() {
  const t = useTexts(MERCHANTS);
  const api = useApi();
  const mode = useModeOfPage();
  const mayInTest = useMay("merchants.manage", "test");
  const mayInLive = useMay("merchants.manage", "live");
  const [isAdding, setIsAdding] = useState(false);
  const filters = merchantsRoute.useSearch();
  const set = useSetFilters(filters);
  const query = useList(["merchants", mode, filters], (part, signal) =>
    answerOf(api.GET("/staff/v1/merchants", { params: { query: { ...part, mode, ...(filters as object) } }, signal })),
  );
  const columns: readonly Column<Merchant>[] = [
    {
      name: t.name,
      width: "minmax(0, 1.4fr)",
      cell: (merchant) => (
        <Link to="/$mode/merchants/$merchantId" params={{ mode, merchantId: merchant.id }}>
          {merchant.name}
        </Link>
      ),
    },
    { name: t.id, width: "minmax(0, 1.2fr)", isOnlyWide: true, cell: (merchant) => <span className="code">{merchant.id}</span> },
    { name: t.created, width: "190px", isEndWhenNarrow: true, cell: (merchant) => <Time at={merchant.created_at} /> },
  ];
  return (
    <>
      <PageHead title={t.title}>
        {mayInTest && mayInLive && (
          <button type="button" className="button" data-kind="primary" onClick={() => setIsAdding(true)}>
            {t.add}
          </button>
        )}
      </PageHead>
      <div className="chips" role="group">
        <TextFilter name={t.name} hint={t.nameHint} value={filters.name} set={(value) => set({ name: value })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(merchant) => merchant.id}
        empty={
          <State title={filters.name ? t.nothing : t.none}>
            <p>{filters.name ? t.nothingWhy : t.noneWhy}</p>
          </State>
        }
      />
      {isAdding && (
        <Suspense>
          <AddDialog close={() => setIsAdding(false)} />
        </Suspense>
      )}
    </>
  );
}
