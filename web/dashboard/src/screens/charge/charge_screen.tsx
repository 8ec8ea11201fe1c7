import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Charge, ChargeInFull } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Copy } from "../../parts/copy";
import { MerchantLink } from "../../parts/merchant";
import { Money } from "../../parts/money";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Distance, Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { PaymentMethod } from "../charges/payment_method";
import { STATES, stateOf, TONES } from "../charges/statuses";
import type { ChargeAct } from "./act_dialogs";
import { CallsCard, ChecksCard, LedgerCard, NotesCard, TimelineCard } from "./cards";
import { WAITS } from "./event_names";
import { AttemptsCard, RiskCard, RoutingCard } from "./decision_cards";
import { DisputesCard, RefundsCard } from "./fact_cards";
import { HeldReportsCard } from "./held_reports_card";
import { chargeRoute } from "./route";
import { CHARGE } from "./texts";
import { DeliveriesCard, ReportsCard } from "./webhook_cards";

const ChargeActDialog = lazy(() => import("./act_dialogs").then(({ ChargeActDialog }) => ({ default: ChargeActDialog })));

const REFRESH_MILLISECONDS = 10_000;

/** A charge in full: what happened, where its money is, and what can be done. */
export function ChargeScreen() {
  const { chargeId } = chargeRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["charge", chargeId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/charges/{charge_id}", { params: { path: { charge_id: chargeId } }, signal })),
    // What FinCore waits for may come while the person looks.
    refetchInterval: ({ state }) => (state.data && state.data.waits.length > 0 ? REFRESH_MILLISECONDS : false),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(found) => <Found key={chargeId} found={found} />}
    </Loaded>
  );
}

function Found({ found }: { found: ChargeInFull }) {
  const t = useTexts(CHARGE);
  const { language, locale } = useLanguage();
  const [act, setAct] = useState<ChargeAct | null>(null);
  const { charge } = found;
  const state = stateOf({ ...charge, review: charge.review?.status ?? null });
  const acts = useActs(charge);
  return (
    <>
      <PageHead
        title={t.title(formatAmount(charge.amount_minor, charge.currency, locale))}
        lead={
          <p className="chips">
            <Status tone={TONES[state]}>{STATES[language][state]}</Status>
            <Copy text={charge.id} />
          </p>
        }
      >
        {acts.map((one) => (
          <button type="button" className="button" data-kind={one === acts[0] ? "primary" : undefined} key={one} onClick={() => setAct(one)}>
            {t[one]}
          </button>
        ))}
      </PageHead>
      <Waits found={found} />
      <div className="split">
        <div className="column">
          <HeldReportsCard found={found} />
          <DisputesCard charge={charge} />
          <RefundsCard charge={charge} />
          <TimelineCard charge={charge} />
          <AttemptsCard found={found} />
          <CallsCard charge={charge} />
          <ReportsCard charge={charge} />
          <DeliveriesCard charge={charge} />
          <LedgerCard charge={charge} />
        </div>
        <div className="column">
          <MoneyCard charge={charge} />
          <DetailsCard found={found} />
          <NotesCard charge={charge} add={() => setAct("note")} />
          <RiskCard found={found} />
          <RoutingCard found={found} />
          <ChecksCard charge={charge} />
        </div>
      </div>
      {act && (
        <Suspense>
          <ChargeActDialog act={act} charge={charge} close={() => setAct(null)} />
        </Suspense>
      )}
    </>
  );
}

/** What can be done to the charge now, by this person. */
function useActs(charge: Charge): readonly Exclude<ChargeAct, "note">[] {
  const may = useMay("payments.act", useModeOfPage());
  if (!may) return [];
  return [
    ...(charge.amount_refundable_minor > 0 ? (["refund"] as const) : []),
    ...(charge.status === "authorized" && charge.review?.status !== "open" ? (["capture"] as const) : []),
    ...(charge.status === "authorized" || charge.status === "requires_action" ? (["cancel"] as const) : []),
    ...(charge.psp_reference === null && charge.status === "failed" ? [] : (["inquire"] as const)),
  ];
}

function Waits({ found }: { found: ChargeInFull }) {
  const t = useTexts(CHARGE);
  const { language } = useLanguage();
  if (found.waits.length === 0) return null;
  return (
    <section className="banner" aria-label={t.waiting}>
      {found.waits.map((wait) => (
        <div key={`${wait.code}-${wait.names}`}>
          <strong>{WAITS[language][wait.code]}</strong>{" "}
          {wait.until && (
            <>
              {t.until} <Time at={wait.until} /> (<Distance at={wait.until} />){" "}
            </>
          )}
          {wait.since && (
            <>
              {t.since} <Time at={wait.since} />{" "}
            </>
          )}
          {wait.next_job_at && (
            <>
              · {t.nextTry} <Distance at={wait.next_job_at} />
            </>
          )}
        </div>
      ))}
    </section>
  );
}

function MoneyCard({ charge }: { charge: Charge }) {
  const t = useTexts(CHARGE);
  const money = (minor: number) => <Money amountMinor={minor} currency={charge.currency} />;
  return (
    <Card title={t.money}>
      <Facts
        of={[
          [t.requested, money(charge.amount_minor)],
          [t.authorized, money(charge.amount_authorized_minor)],
          [t.captured, money(charge.amount_captured_minor)],
          [t.refunded, money(charge.amount_refunded_minor)],
          [t.refundable, money(charge.amount_refundable_minor)],
        ]}
      />
    </Card>
  );
}

function DetailsCard({ found: { charge, merchant } }: { found: ChargeInFull }) {
  const t = useTexts(CHARGE);
  const { card, type, paypal } = charge.payment_method_details;
  return (
    <Card title={t.details}>
      <Facts
        of={[
          [t.created, <Time key="created" at={charge.created_at} precision="second" />],
          [t.merchant, <MerchantLink key="merchant" id={merchant} />],
          [t.customer, charge.customer_email],
          [t.method, <PaymentMethod key="method" of={{ payment_method_type: type, brand: card?.brand ?? null, last4: card?.last4 ?? null }} />],
          ["PayPal", paypal?.email_masked],
          [t.description, charge.description],
          [t.account, `${charge.psp} · ${charge.psp_account}`],
          [t.reference, charge.psp_reference && <Copy key="reference" text={charge.psp_reference} />],
          [t.failure, charge.failure && `${charge.failure.message} (${charge.failure.decline_code ?? charge.failure.code})`],
          ...Object.entries(charge.metadata).map(([name, value]) => [`${t.metadata} ${name}`, String(value)] as const),
        ]}
      />
    </Card>
  );
}
