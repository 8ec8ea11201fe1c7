import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { WebhookDeliveryDetail } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ActDialog } from "../../parts/act_dialog";
import { Copy } from "../../parts/copy";
import { MerchantLink } from "../../parts/merchant";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useToast } from "../../parts/toasts";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { ERRORS, FAILURES, STATUSES, TONES } from "../deliveries/statuses";
import { DELIVERIES } from "../deliveries/texts";
import { deliveryRoute } from "./route";

const INDENT = 2;

/** A delivery: every attempt, and the body as the merchant gets it. */
export function DeliveryScreen() {
  const { deliveryId } = deliveryRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["delivery", deliveryId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/webhook_deliveries/{delivery_id}", { params: { path: { delivery_id: deliveryId } }, signal })),
  });
  return (
    <Loaded query={query} lines={8} isScreen>
      {(delivery) => <Found key={deliveryId} delivery={delivery} />}
    </Loaded>
  );
}

interface DeliveryProps {
  readonly delivery: WebhookDeliveryDetail;
}

function Found({ delivery }: DeliveryProps) {
  const t = useTexts(DELIVERIES);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  const mayReplay = useMay("deliveries.replay", mode);
  const [isReplaying, setIsReplaying] = useState(false);
  const time = (at: string | null) => at && <Time key={at} at={at} precision="second" />;
  return (
    <>
      <PageHead
        title={delivery.event_type}
        lead={
          <p className="chips">
            <Status tone={TONES[delivery.status]}>{STATUSES[language][delivery.status]}</Status>
            <Copy text={delivery.id} />
          </p>
        }
      >
        {mayReplay && (
          <button type="button" className="button" onClick={() => setIsReplaying(true)}>
            {t.replay}
          </button>
        )}
      </PageHead>
      <div className="column">
        <Card title={t.details}>
          <Facts
            of={[
              [
                t.endpoint,
                <Link key="endpoint" to="/$mode/endpoints/$endpointId" params={{ mode, endpointId: delivery.endpoint }} className="code">
                  {delivery.endpoint}
                </Link>,
              ],
              [t.merchant, <MerchantLink key="merchant" id={delivery.merchant} />],
              [t.event, <Copy key="event" text={delivery.event} />],
              [t.failure, delivery.failure && FAILURES[language][delivery.failure]],
              [t.created, time(delivery.created_at)],
              [t.next, time(delivery.next_attempt_at)],
              [t.finished, time(delivery.finished_at)],
            ]}
          />
        </Card>
        <AttemptsCard delivery={delivery} />
        <Card title={t.payload}>
          <pre className="scroll code" tabIndex={0} aria-label={t.payload} role="group">
            {JSON.stringify(delivery.payload, null, INDENT)}
          </pre>
        </Card>
      </div>
      {isReplaying && <ReplayDialog delivery={delivery} close={() => setIsReplaying(false)} />}
    </>
  );
}

function AttemptsCard({ delivery }: DeliveryProps) {
  const t = useTexts(DELIVERIES);
  const { language } = useLanguage();
  return (
    <Card title={t.log}>
      {delivery.attempt_log.length === 0 ? (
        <p className="quiet">{t.noLog}</p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th>{t.when}</th>
              <th>{t.answer}</th>
              <th className="number">{t.duration}</th>
            </tr>
          </thead>
          <tbody>
            {delivery.attempt_log.map((attempt) => (
              <tr key={`${attempt.attempt}-${attempt.at}`}>
                <td>
                  <Time at={attempt.at} precision="second" />
                </td>
                <td>{attempt.error ? ERRORS[language][attempt.error] : attempt.response_status}</td>
                <td className="number">{attempt.duration_ms === null ? "—" : t.milliseconds(attempt.duration_ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function ReplayDialog({ delivery, close }: DeliveryProps & { readonly close: () => void }) {
  const t = useTexts(DELIVERIES);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t.replay}
      button={t.replay}
      preview={t.replayPreview(delivery.event_type)}
      values={{}}
      ask={(body, key) => {
        const params = { path: { delivery_id: delivery.id }, header: { "Idempotency-Key": key } };
        return answerOf(api.POST("/staff/v1/webhook_deliveries/{delivery_id}/replay", { params, body }));
      }}
      done={() => toast(t.replayed)}
      close={close}
    />
  );
}
