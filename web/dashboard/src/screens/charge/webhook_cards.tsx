// Webhooks about the charge: in from the PSPs, out to its merchant. Each is asked for when the person opens it.

import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { Charge } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Copy } from "../../parts/copy";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Distance, Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { ERRORS, FAILURES, STATUSES, TONES } from "../deliveries/statuses";
import { Fold } from "./fold";
import { usePart } from "./parts";
import { CHARGE } from "./texts";

const DELIVERIES_SHOWN = 25;

interface CardProps {
  readonly charge: Charge;
}

export function ReportsCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  return (
    <Fold title={t.reports}>
      <Reports charge={charge} />
    </Fold>
  );
}

function Reports({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const api = useApi();
  const query = usePart(charge, "psp_reports", (path, signal) => answerOf(api.GET("/staff/v1/charges/{charge_id}/psp_reports", { params: { path }, signal })));
  return (
    <Loaded query={query}>
      {({ data }) =>
        data.length === 0 ? (
          <p className="quiet">{t.noReports}</p>
        ) : (
          <ul className="lines">
            {data.map((report) => (
              <li key={`${report.psp_account}-${report.psp_event_id}`}>
                <span>
                  <span className="code">{report.type}</span> · {report.psp} {report.psp_account} {report.is_held && <Status tone="warn">{t.held}</Status>}
                </span>
                <span className="quiet small">
                  <Time at={report.received_at} precision="second" /> · <Copy text={report.psp_event_id} />
                  {!report.has_body && ` · ${t.bodyPurged}`}
                </span>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

export function DeliveriesCard({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const may = useMay("deliveries.read", useModeOfPage());
  if (!may) return null;
  return (
    <Fold title={t.deliveries}>
      <Deliveries charge={charge} />
    </Fold>
  );
}

function Deliveries({ charge }: CardProps) {
  const t = useTexts(CHARGE);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = usePart(charge, "deliveries", (path, signal) =>
    answerOf(api.GET("/staff/v1/webhook_deliveries", { params: { query: { mode, charge: path.charge_id, limit: DELIVERIES_SHOWN } }, signal })),
  );
  return (
    <Loaded query={query}>
      {({ data, has_more: hasMore }) =>
        data.length === 0 ? (
          <p className="quiet">{t.noDeliveries}</p>
        ) : (
          <>
            <ul className="lines">
              {data.map((delivery) => {
                const last = delivery.last_attempt;
                return (
                  <li key={delivery.id}>
                    <span className="chips">
                      <Link to="/$mode/deliveries/$deliveryId" params={{ mode, deliveryId: delivery.id }}>
                        {delivery.event_type}
                      </Link>
                      <Status tone={TONES[delivery.status]}>{STATUSES[language][delivery.status]}</Status>
                    </span>
                    <span className="quiet small">
                      <Time at={delivery.created_at} precision="second" />
                      {last && ` · ${t.lastAnswer(last.error ? ERRORS[language][last.error] : String(last.response_status))}`}
                      {delivery.failure && ` · ${FAILURES[language][delivery.failure]}`}
                      {delivery.next_attempt_at && (
                        <>
                          {` · ${t.nextTry} `}
                          <Distance at={delivery.next_attempt_at} />
                        </>
                      )}
                    </span>
                  </li>
                );
              })}
            </ul>
            {hasMore && (
              <p>
                <Link to="/$mode/deliveries" params={{ mode }} search={{ charge: charge.id }}>
                  {t.allDeliveries}
                </Link>
              </p>
            )}
          </>
        )
      }
    </Loaded>
  );
}
