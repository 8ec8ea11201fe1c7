import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { WebhookEndpoint } from "../../api/types";
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
import { STATES, stateOf, TONES } from "../endpoints/statuses";
import { ENDPOINTS } from "../endpoints/texts";
import { endpointRoute } from "./route";

type EndpointAct = "enable" | "disable" | "replay";

/** A webhook endpoint: whether webhooks arrive there, and what can be done where they do not. */
export function EndpointScreen() {
  const { endpointId } = endpointRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["endpoint", endpointId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/webhook_endpoints/{endpoint_id}", { params: { path: { endpoint_id: endpointId } }, signal })),
  });
  return (
    <Loaded query={query} lines={8} isScreen>
      {(endpoint) => <Found key={endpointId} endpoint={endpoint} />}
    </Loaded>
  );
}

function Found({ endpoint }: { endpoint: WebhookEndpoint }) {
  const t = useTexts(ENDPOINTS);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const mayManage = useMay("merchants.manage", mode);
  const mayReplay = useMay("deliveries.replay", mode);
  const [act, setAct] = useState<EndpointAct | null>(null);
  const state = stateOf(endpoint);
  const isEnabled = endpoint.status === "enabled";
  const acts: readonly EndpointAct[] = [
    ...(mayReplay && isEnabled && endpoint.given_up > 0 ? (["replay"] as const) : []),
    ...(mayManage ? ([isEnabled ? "disable" : "enable"] as const) : []),
  ];
  return (
    <>
      <PageHead
        title={endpoint.host}
        lead={
          <p className="chips">
            <Status tone={TONES[state]}>{STATES[language][state]}</Status>
            <Copy text={endpoint.id} />
          </p>
        }
      >
        {acts.map((one) => (
          <button type="button" className="button" key={one} onClick={() => setAct(one)}>
            {t[one]}
          </button>
        ))}
      </PageHead>
      <Card
        title={t.details}
        aside={
          <Link to="/$mode/deliveries" params={{ mode }} search={{ endpoint: endpoint.id }}>
            {t.deliveries}
          </Link>
        }
      >
        <Facts
          of={[
            [t.merchant, <MerchantLink key="merchant" id={endpoint.merchant} />],
            [t.description, endpoint.description],
            [t.success, endpoint.last_success_at ? <Time key="success" at={endpoint.last_success_at} /> : t.never],
            [t.failures, endpoint.failures.toLocaleString(locale)],
            [t.paused, endpoint.paused_until && <Time key="paused" at={endpoint.paused_until} />],
            [t.waiting, endpoint.pending.toLocaleString(locale)],
            [t.givenUp, endpoint.given_up.toLocaleString(locale)],
            [t.events, endpoint.event_types.join(", ")],
            [t.created, <Time key="created" at={endpoint.created_at} />],
          ]}
        />
      </Card>
      {act === "replay" && <ReplayDialog endpoint={endpoint} close={() => setAct(null)} />}
      {(act === "enable" || act === "disable") && <SwitchDialog endpoint={endpoint} act={act} close={() => setAct(null)} />}
    </>
  );
}

interface DialogProps {
  readonly endpoint: WebhookEndpoint;
  readonly close: () => void;
}

function SwitchDialog({ endpoint, act, close }: DialogProps & { readonly act: "enable" | "disable" }) {
  const t = useTexts(ENDPOINTS);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t[act]}
      button={t[act]}
      isDanger={act === "disable"}
      preview={act === "enable" ? t.enablePreview(endpoint.host) : t.disablePreview(endpoint.host)}
      values={{}}
      ask={(body, key) => {
        const params = { path: { endpoint_id: endpoint.id }, header: { "Idempotency-Key": key } };
        if (act === "enable") return answerOf(api.POST("/staff/v1/webhook_endpoints/{endpoint_id}/enable", { params, body }));
        return answerOf(api.POST("/staff/v1/webhook_endpoints/{endpoint_id}/disable", { params, body }));
      }}
      done={(answer) => toast(t[answer.status])}
      close={close}
    />
  );
}

function ReplayDialog({ endpoint, close }: DialogProps) {
  const t = useTexts(ENDPOINTS);
  const api = useApi();
  const toast = useToast();
  return (
    <ActDialog
      title={t.replay}
      button={t.replay}
      preview={t.replayPreview(endpoint.given_up, endpoint.host)}
      values={{}}
      ask={(body, key) => {
        const params = { path: { endpoint_id: endpoint.id }, header: { "Idempotency-Key": key } };
        return answerOf(api.POST("/staff/v1/webhook_endpoints/{endpoint_id}/replay_failed", { params, body }));
      }}
      done={(answer) => toast(t.replayed(answer.deliveries))}
      close={close}
    />
  );
}
