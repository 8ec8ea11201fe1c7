// What passed between FinCore and others about a charge: the PSP's reports, those that wait for a person, and webhooks to the merchant.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Charge, ChargeInFull, HeldReport } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { STATUSES, TONES } from "../deliveries/statuses";
import { ATTEMPTS, HELD_BECAUSE, MESSAGES } from "./message_texts";

const DELIVERIES_SHOWN = 50;

/** Every account that was tried, where there was more than one. */
export function AttemptsCard({ found }: { found: ChargeInFull }) {
  const t = useTexts(MESSAGES);
  const { language } = useLanguage();
  if (found.attempts.length < 2) return null;
  return (
    <Card title={t.attempts}>
      <ol className="lines">
        {found.attempts.map((attempt) => (
          <li key={attempt.number}>
            <span className="chips">
              <strong>
                {attempt.number}. {attempt.psp}/{attempt.psp_account}
              </strong>
              <Status>{ATTEMPTS[language][attempt.status]}</Status>
              <span className="code">{attempt.psp_reference ?? ""}</span>
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** Reports that could not be brought together with the charge, each until a person has decided. */
export function HeldReportsCard({ found }: { found: ChargeInFull }) {
  const t = useTexts(MESSAGES);
  const { language } = useLanguage();
  const mayDecide = useMay("outcomes.resolve", useModeOfPage());
  const [open, setOpen] = useState<{ readonly report: HeldReport; readonly act: "release" | "read_again" } | null>(null);
  if (found.held_reports.length === 0) return null;
  return (
    <Card title={t.held}>
      <ul className="lines">
        {found.held_reports.map((report) => (
          <li key={report.psp_event_id}>
            <span className="chips">
              <strong className="code">{report.report_type}</strong>
              <Status tone="bad">{HELD_BECAUSE[language][report.reason]}</Status>
            </span>
            <span>{report.detail}</span>
            <span className="quiet small">
              {report.psp}/{report.psp_account} · <span className="code">{report.psp_event_id}</span> · <Time at={report.held_at} precision="second" />
            </span>
            {mayDecide && (
              <span className="buttons">
                <button type="button" className="button" onClick={() => setOpen({ report, act: "read_again" })}>
                  {t.read_again}
                </button>
                <button type="button" className="button" onClick={() => setOpen({ report, act: "release" })}>
                  {t.release}
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {open && <HeldReportDialog charge={found.charge} {...open} close={() => setOpen(null)} />}
    </Card>
  );
}

interface HeldReportDialogProps {
  readonly charge: Charge;
  readonly report: HeldReport;
  readonly act: "release" | "read_again";
  readonly close: () => void;
}

function HeldReportDialog({ charge, report, act, close }: HeldReportDialogProps) {
  const t = useTexts(MESSAGES);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t[act]}
      button={t[act]}
      isDanger={act === "release"}
      preview={act === "release" ? t.releasePreview : t.readAgainPreview}
      values={{ psp_event_id: report.psp_event_id }}
      ask={(body, key) => {
        const params = { path: { charge_id: charge.id }, header: { "Idempotency-Key": key } };
        if (act === "release") return answerOf(api.POST("/staff/v1/held_reports/{charge_id}/release", { params, body }));
        return answerOf(api.POST("/staff/v1/held_reports/{charge_id}/read_again", { params, body }));
      }}
      done={() => toast(t.decided)}
      close={close}
    />
  );
}

/** What the PSP sent about the charge. */
export function ReportsCard({ charge }: { charge: Charge }) {
  const t = useTexts(MESSAGES);
  const api = useApi();
  const query = useQuery({
    queryKey: ["charge", charge.id, "psp_reports", charge.status, charge.refunds],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/charges/{charge_id}/psp_reports", { params: { path: { charge_id: charge.id } }, signal })),
  });
  return (
    <Card title={t.reports}>
      <Loaded query={query} lines={2}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="quiet">{t.noReports}</p>
          ) : (
            <ul className="lines">
              {data.map((report) => (
                <li key={`${report.psp}/${report.psp_event_id}`}>
                  <span className="chips">
                    <span className="code">{report.type}</span>
                    {report.is_held && <Status tone="bad">{t.isHeld}</Status>}
                  </span>
                  <span className="quiet small">
                    <Time at={report.received_at} precision="second" /> · <span className="code">{report.psp_event_id}</span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

/** What the merchant was sent about the charge, and whether it arrived. */
export function DeliveriesCard({ charge }: { charge: Charge }) {
  const t = useTexts(MESSAGES);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const maySee = useMay("deliveries.read", mode);
  const query = useQuery({
    queryKey: ["charge", charge.id, "deliveries", charge.status, charge.refunds],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/webhook_deliveries", { params: { query: { mode, charge: charge.id, limit: DELIVERIES_SHOWN } }, signal })),
    enabled: maySee,
  });
  if (!maySee) return null;
  return (
    <Card title={t.deliveries}>
      <Loaded query={query} lines={2}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="quiet">{t.noDeliveries}</p>
          ) : (
            <ul className="lines">
              {data.map((delivery) => (
                <li key={delivery.id}>
                  <span className="chips">
                    <Link to="/$mode/deliveries/$deliveryId" params={{ mode, deliveryId: delivery.id }} className="code">
                      {delivery.event_type}
                    </Link>
                    <Status tone={TONES[delivery.status]}>{STATUSES[language][delivery.status]}</Status>
                    <span className="quiet small">{t.tries(delivery.attempts)}</span>
                  </span>
                  <span className="quiet small">
                    <Time at={delivery.created_at} precision="second" />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
