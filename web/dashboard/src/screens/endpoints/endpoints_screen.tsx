import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { WebhookEndpoint } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ChoiceFilter, TextFilter, useSetFilters } from "../../parts/list_filters";
import { MerchantName } from "../../parts/merchant";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Distance } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { endpointsRoute } from "./route";
import { CONDITIONS, STATES, stateOf, TONES } from "./statuses";
import { ENDPOINTS } from "./texts";

/** Where merchants want their webhooks, and whether they arrive there. */
export function EndpointsScreen() {
  const t = useTexts(ENDPOINTS);
  const { language, locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const filters = endpointsRoute.useSearch();
  const set = useSetFilters(filters);
  const query = useList(["endpoints", mode, filters], (part, signal) =>
    answerOf(api.GET("/staff/v1/webhook_endpoints", { params: { query: { ...part, mode, ...(filters as object) } }, signal })),
  );
  const columns: readonly Column<WebhookEndpoint>[] = [
    {
      name: t.host,
      width: "minmax(0, 1.4fr)",
      cell: (endpoint) => (
        <Link to="/$mode/endpoints/$endpointId" params={{ mode, endpointId: endpoint.id }}>
          {endpoint.host}
        </Link>
      ),
    },
    {
      name: t.status,
      width: "200px",
      isEndWhenNarrow: true,
      cell: (endpoint) => <Status tone={TONES[stateOf(endpoint)]}>{STATES[language][stateOf(endpoint)]}</Status>,
    },
    { name: t.merchant, width: "minmax(0, 1fr)", cell: (endpoint) => <MerchantName id={endpoint.merchant} /> },
    { name: t.waiting, width: "88px", isNumber: true, isOnlyWide: true, cell: (endpoint) => endpoint.pending.toLocaleString(locale) },
    { name: t.givenUp, width: "130px", isNumber: true, isOnlyWide: true, cell: (endpoint) => endpoint.given_up.toLocaleString(locale) },
    { name: t.success, width: "130px", isEndWhenNarrow: true, cell: (endpoint) => (endpoint.last_success_at ? <Distance at={endpoint.last_success_at} /> : t.never) },
  ];
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHead title={t.title} />
      <div className="chips" role="group">
        <ChoiceFilter name={t.condition} value={filters.condition} names={CONDITIONS[language]} set={(value) => set({ condition: value })} />
        <TextFilter name={t.merchant} value={filters.merchant} hint="mer_…" set={(value) => set({ merchant: value })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(endpoint) => endpoint.id}
        empty={
          <State title={isFiltered ? t.nothing : t.none}>
            <p>{isFiltered ? t.nothingWhy : t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
