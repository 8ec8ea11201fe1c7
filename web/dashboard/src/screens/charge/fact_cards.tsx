// Cards of what the charge itself says: refunds and disputes.

import type { Charge } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Copy } from "../../parts/copy";
import { Money } from "../../parts/money";
import { Card, Facts } from "../../parts/page";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { Countdown } from "../disputes/countdown";
import { STATUSES as DISPUTE_STATUSES } from "../disputes/statuses";
import { STATUSES as REFUND_STATUSES, TONES as REFUND_TONES } from "../refunds/statuses";
import { CHARGE } from "./texts";

export function RefundsCard({ charge }: { charge: Charge }) {
  const t = useTexts(CHARGE);
  const { language } = useLanguage();
  const refunds = charge.refunds ?? [];
  if (refunds.length === 0) return null;
  return (
    <Card title={t.refunds}>
      <table className="table">
        <thead>
          <tr>
            <th className="number">{t.amount}</th>
            <th>{t.status}</th>
            <th>{t.reference}</th>
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
                <Status tone={REFUND_TONES[refund.status]}>{REFUND_STATUSES[language][refund.status]}</Status>{" "}
                {refund.outcome_unknown_since && <Status tone="warn">{t.unknown}</Status>} {refund.failure?.message}
              </td>
              <td>{refund.psp_reference && <Copy text={refund.psp_reference} />}</td>
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
  const { language } = useLanguage();
  const disputes = charge.disputes ?? [];
  if (disputes.length === 0) return null;
  return (
    <Card title={t.disputes}>
      {disputes.map((dispute) => (
        <Facts
          key={dispute.id}
          of={[
            [t.amount, <Money key="amount" amountMinor={dispute.amount_minor} currency={dispute.currency} />],
            [t.status, <Status key="status" tone={dispute.status === "won" ? "good" : "warn"}>{DISPUTE_STATUSES[language][dispute.status]}</Status>],
            [t.due, dispute.evidence_due_by && <Countdown key="due" of={dispute} />],
            [t.description, dispute.reason],
          ]}
        />
      ))}
    </Card>
  );
}
