import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { StaffAct } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Toggle } from "../../parts/filter";
import { TextFilter, useSetFilters } from "../../parts/list_filters";
import { MerchantName } from "../../parts/merchant";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { ACTIONS, nameIn, OBJECTS, OUTCOMES } from "./names";
import { auditTrailRoute } from "./route";
import { AUDIT } from "./texts";

/** What staff did in a mode, and what belongs to no mode, the latest first. A click on an act leaves the acts on the same object. */
export function AuditTrailScreen() {
  const t = useTexts(AUDIT);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const filters = auditTrailRoute.useSearch();
  const set = useSetFilters(filters);
  const query = useList(["audit_trail", mode, filters], (part, signal) =>
    answerOf(api.GET("/staff/v1/audit_trail", { params: { query: { ...part, mode, ...(filters as object) } }, signal })),
  );
  const columns: readonly Column<StaffAct>[] = [
    {
      name: t.action,
      width: "minmax(0, 1.9fr)",
      cell: (act) => (
        <Link to="/$mode/audit_trail" params={{ mode }} search={{ object: act.object_id }}>
          {nameIn(ACTIONS[language], act.action)}
        </Link>
      ),
    },
    { name: t.when, width: "148px", isEndWhenNarrow: true, cell: (act) => <Time at={act.begun_at} /> },
    {
      name: t.who,
      width: "minmax(0, 1.4fr)",
      cell: (act) => (
        <span title={act.actor.username}>
          {act.actor.username} {act.mode === null && <span className="quiet small only-narrow">· {t.noMode}</span>}
        </span>
      ),
    },
    {
      name: t.object,
      width: "minmax(0, 1.3fr)",
      isOnlyWide: true,
      cell: (act) => (
        <span title={act.object_id}>
          {nameIn(OBJECTS[language], act.object_kind)} <span className="code">{act.object_id}</span>
        </span>
      ),
    },
    {
      name: t.merchant,
      width: "minmax(0, 1fr)",
      isOnlyWide: true,
      cell: (act) => (act.merchant !== null ? <MerchantName id={act.merchant} /> : act.mode === null && <span className="quiet small">{t.noMode}</span>),
    },
    { name: t.reason, width: "minmax(0, 1.1fr)", isOnlyWide: true, cell: (act) => <span title={act.reason}>{act.reason}</span> },
    {
      name: t.outcome,
      width: "104px",
      isEndWhenNarrow: true,
      cell: (act) => <Status tone={act.outcome === "done" ? "good" : act.outcome === null ? "warn" : "plain"}>{act.outcome === null ? t.open : nameIn(OUTCOMES[language], act.outcome)}</Status>,
    },
  ];
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHead title={t.title} />
      <div className="chips" role="group">
        <TextFilter name={t.objectId} value={filters.object} set={(value) => set({ object: value })} />
        <Toggle name={t.withoutMode} isOn={filters.without_mode !== undefined} set={(isOn) => set({ without_mode: isOn ? "true" : "" })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(act) => act.id}
        empty={
          <State title={isFiltered ? t.nothing : t.none}>
            <p>{isFiltered ? t.nothingWhy : t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
