import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { WebhookDelivery } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Toggle } from "../../parts/filter";
import { ChoiceFilter, TextFilter, useSetFilters } from "../../parts/list_filters";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Distance, Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { deliveriesRoute } from "./route";
import { ERRORS, STATUSES, TONES } from "./statuses";
import { DELIVERIES } from "./texts";

/** What FinCore sent to merchants, or will send, the latest first. */
export function DeliveriesScreen() {
  const t = useTexts(DELIVERIES);
  const { language, locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const filters = deliveriesRoute.useSearch();
  const set = useSetFilters(filters);
  const query = useList(["deliveries", mode, filters], (part, signal) =>
    answerOf(api.GET("/staff/v1/webhook_deliveries", { params: { query: { ...part, mode, ...(filters as object) } }, signal })),
  );
  const columns: readonly Column<WebhookDelivery>[] = [
    {
      name: t.event,
      width: "minmax(0, 1fr)",
      cell: (delivery) => (
        <Link to="/$mode/deliveries/$deliveryId" params={{ mode, deliveryId: delivery.id }}>
          {delivery.event_type}
        </Link>
      ),
    },
    { name: t.status, width: "116px", isEndWhenNarrow: true, cell: (delivery) => <Status tone={TONES[delivery.status]}>{STATUSES[language][delivery.status]}</Status> },
    { name: t.answer, width: "minmax(0, 1fr)", isOnlyWide: true, cell: ({ last_attempt: last }) => last && (last.error ? ERRORS[language][last.error] : last.response_status) },
    { name: t.attempts, width: "88px", isNumber: true, isOnlyWide: true, cell: (delivery) => delivery.attempts.toLocaleString(locale) },
    { name: t.endpoint, width: "minmax(0, 1.2fr)", isOnlyWide: true, cell: (delivery) => <span className="code">{delivery.endpoint}</span> },
    { name: t.next, width: "120px", isOnlyWide: true, cell: (delivery) => delivery.next_attempt_at && <Distance at={delivery.next_attempt_at} /> },
    { name: t.created, width: "142px", isEndWhenNarrow: true, cell: (delivery) => <Time at={delivery.created_at} /> },
  ];
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHead title={t.title} />
      <div className="chips" role="group">
        <ChoiceFilter name={t.status} value={filters.status} names={STATUSES[language]} set={(value) => set({ status: value })} />
        <TextFilter name={t.charge} value={filters.charge} hint="ch_…" set={(value) => set({ charge: value })} />
        {filters.endpoint && <Toggle name={`${t.endpoint}: ${filters.endpoint}`} isOn set={() => set({ endpoint: "" })} />}
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(delivery) => delivery.id}
        empty={
          <State title={isFiltered ? t.nothing : t.none}>
            <p>{isFiltered ? t.nothingWhy : t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
