// Cards of what the charge itself says: refunds, disputes, risk, routing.

import type { Charge, ChargeInFull } from "../../api/types";
import { useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { Card, Facts } from "../../parts/page";
import { Status } from "../../parts/status";
import { Distance, Time } from "../../parts/time";
import { CHARGE } from "./texts";

export function RefundsCard({ charge }: { charge: Charge }) {
  const t = useTexts(CHARGE);
  const refunds = charge.refunds ?? [];
  if (refunds.length === 0) return null;
  return (
    <Card title={t.refunds}>
      <table className="table">
        <thead>
          <tr>
            <th className="number">{t.amount}</th>
            <th>{t.status}</th>
            <th>{t.created}</th>
          </tr>
        </thead>
        <tbody>
          {refunds.map((refund) => (
            <tr key={refund.id}>
              <td className="number">
                <Money amountMinor={refund.amount_minor} currency={refund.currency} />
              </td>
              <td>
                <Status tone={refund.status === "succeeded" ? "good" : refund.status === "failed" ? "bad" : "info"}>{refund.status}</Status>{" "}
                {refund.failure?.message}
              </td>
              <td>
                <Time at={refund.created_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

export function DisputesCard({ charge }: { charge: Charge }) {
  const t = useTexts(CHARGE);
  const disputes = charge.disputes ?? [];
  if (disputes.length === 0) return null;
  return (
    <Card title={t.disputes}>
      {disputes.map((dispute) => (
        <Facts
          key={dispute.id}
          of={[
            [t.amount, <Money key="amount" amountMinor={dispute.amount_minor} currency={dispute.currency} />],
            [t.status, <Status key="status" tone={dispute.status === "won" ? "good" : "warn"}>{dispute.status}</Status>],
            [t.due, dispute.evidence_due_by && <Distance key="due" at={dispute.evidence_due_by} />],
            [t.description, dispute.reason],
          ]}
        />
      ))}
    </Card>
  );
}

export function RiskCard({ found: { risk, psp_risk: pspRisk } }: { found: ChargeInFull }) {
  const t = useTexts(CHARGE);
  if (!risk && !pspRisk) return null;
  return (
    <Card title={t.risk}>
      <Facts
        of={[
          [t.decision, risk?.decision],
          [t.rule, risk?.rule],
          ["PSP", pspRisk && [pspRisk.level, pspRisk.score].filter((one) => one !== null).join(" · ")],
        ]}
      />
    </Card>
  );
}

export function RoutingCard({ found: { plan } }: { found: ChargeInFull }) {
  const t = useTexts(CHARGE);
  if (!plan) return null;
  return (
    <Card title={t.routing}>
      <Facts
        of={[
          [t.rule, plan.rule],
          [t.planned, plan.attempts.map((one) => `${one.psp} · ${one.psp_account}`).join(", ")],
          [t.skipped, plan.skipped.map((one) => `${one.psp} · ${one.psp_account} (${one.reason})`).join(", ")],
        ]}
      />
    </Card>
  );
}
