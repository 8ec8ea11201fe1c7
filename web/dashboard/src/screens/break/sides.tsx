// The two sides of a break, in tables of the same columns, and what the bank says of its payout.

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { BreakRecord } from "../../api/types";
import { useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { Card } from "../../parts/page";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { BREAK } from "./texts";

interface SideRow {
  readonly key: string;
  readonly kind: string;
  readonly grossMinor: number;
  readonly feeMinor: number;
  readonly currency: string;
  readonly at: string;
  readonly reference: string;
  readonly origin: ReactNode;
  readonly isMatched: boolean;
}

function Side({ title, rows, none }: { title: string; rows: readonly SideRow[]; none: ReactNode }) {
  const t = useTexts(BREAK);
  return (
    <Card title={title}>
      {rows.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={title}>
          <table className="table">
            <thead>
              <tr>
                <th>{t.kind}</th>
                <th className="number">{t.gross}</th>
                <th className="number">{t.fee}</th>
                <th>{t.when}</th>
                <th>{t.reference}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.key}>
                  <td>
                    {row.kind} <Status tone={row.isMatched ? "good" : "warn"}>{row.isMatched ? t.matched : t.unmatched}</Status>
                  </td>
                  <td className="number">
                    <Money amountMinor={row.grossMinor} currency={row.currency} />
                  </td>
                  <td className="number">
                    <Money amountMinor={row.feeMinor} currency={row.currency} />
                  </td>
                  <td>
                    <Time at={row.at} />
                  </td>
                  <td>
                    <span className="code">{row.reference}</span>
                    <br />
                    <span className="quiet small">{row.origin}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

export function StatementSideCard({ found }: { found: BreakRecord }) {
  const t = useTexts(BREAK);
  const rows = found.lines.map((line) => ({
    key: `${line.file_name}-${line.number}`,
    kind: line.psp_type,
    grossMinor: line.gross_minor,
    feeMinor: line.fee_minor,
    currency: line.currency,
    at: line.occurred_at,
    reference: line.psp_reference,
    origin: t.line(line.file_name, line.number),
    isMatched: line.is_gross_matched && line.is_fee_matched,
  }));
  return <Side title={t.statement} rows={rows} none={t.noLines} />;
}

export function LedgerSideCard({ found }: { found: BreakRecord }) {
  const t = useTexts(BREAK);
  const rows = found.items.map((item) => ({
    key: String(item.entry_id),
    kind: item.kind,
    grossMinor: item.gross_minor,
    feeMinor: item.fee_minor,
    currency: item.currency,
    at: item.effective_at,
    reference: item.psp_reference,
    origin: (
      <Link to="/$mode/ledger_entries/$entry" params={{ mode: found.mode, entry: String(item.entry_id) }}>
        {t.entry(item.entry_id)}
      </Link>
    ),
    isMatched: item.is_gross_matched && item.is_fee_matched,
  }));
  return <Side title={t.ledger} rows={rows} none={t.noItems} />;
}

export function BankCard({ found }: { found: BreakRecord }) {
  const t = useTexts(BREAK);
  if (found.bank_lines.length === 0) return null;
  return (
    <Card title={t.bank}>
      <ul className="lines">
        {found.bank_lines.map((line) => (
          <li key={`${line.file_name}-${line.number}`}>
            <span>
              {line.bank} · {line.kind} · <Money amountMinor={line.amount_minor} currency={line.currency} />{" "}
              <Status tone={line.is_matched ? "good" : "warn"}>{line.is_matched ? t.matched : t.unmatched}</Status>
            </span>
            <span className="quiet small">
              <Time at={line.occurred_at} /> · {line.bank_reference} · {t.line(line.file_name, line.number)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
