// What a file states of itself beside what its lines come to, currency by currency.

import type { SettlementFileRecord } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Card } from "../../parts/page";
import { Status } from "../../parts/status";
import { SETTLEMENT_FILE } from "./texts";

type Stated = SettlementFileRecord["stated"][number];
type Computed = SettlementFileRecord["computed"][number];

export function TotalsCard({ file }: { file: SettlementFileRecord }) {
  const t = useTexts(SETTLEMENT_FILE);
  const currencies = [...new Set([...file.stated, ...file.computed].map((one) => one.currency))].toSorted();
  return (
    <Card title={t.totals}>
      {currencies.length === 0 ? (
        <p className="quiet">{t.noTotals}</p>
      ) : (
        <>
          <p className="quiet">{t.totalsWhy}</p>
          {currencies.map((currency) => (
            <Totals
              key={currency}
              currency={currency}
              stated={file.stated.find((one) => one.currency === currency)}
              computed={file.computed.find((one) => one.currency === currency)}
            />
          ))}
        </>
      )}
    </Card>
  );
}

interface Figure {
  readonly name: string;
  readonly stated: number | null | undefined;
  readonly computed: number | null | undefined;
  readonly isCount?: boolean;
}

function Totals({ currency, stated, computed }: { currency: string; stated: Stated | undefined; computed: Computed | undefined }) {
  const t = useTexts(SETTLEMENT_FILE);
  const { locale } = useLanguage();
  const beginning = stated?.beginning_minor;
  const ending = beginning === undefined || beginning === null || computed === undefined ? null : beginning + computed.net_minor;
  const figures: readonly Figure[] = [
    { name: t.beginning, stated: beginning, computed: null },
    { name: t.credit, stated: stated?.gross_credit_minor, computed: computed?.gross_credit_minor },
    { name: t.debit, stated: stated?.gross_debit_minor, computed: computed?.gross_debit_minor },
    { name: t.feeCredit, stated: stated?.fee_credit_minor, computed: computed?.fee_credit_minor },
    { name: t.feeDebit, stated: stated?.fee_debit_minor, computed: computed?.fee_debit_minor },
    { name: t.ending, stated: stated?.ending_minor, computed: ending },
    { name: t.rows, stated: stated?.rows, computed: computed?.rows, isCount: true },
  ];
  const shown = figures.filter((one) => (one.stated ?? null) !== null || (one.computed ?? null) !== null);
  const written = (value: number | null | undefined, isCount = false) =>
    value === null || value === undefined ? "—" : isCount ? value.toLocaleString(locale) : formatAmount(value, currency, locale);
  const name = currency.toUpperCase();
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={`${t.totals} ${name}`}>
      <table className="table">
        <thead>
          <tr>
            <th>{name}</th>
            <th className="number">{t.stated}</th>
            <th className="number">{t.computed}</th>
            <th>{t.comparison}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => {
            const isComparable = typeof one.stated === "number" && typeof one.computed === "number";
            return (
              <tr key={one.name}>
                <td>{one.name}</td>
                <td className="number nowrap">{written(one.stated, one.isCount)}</td>
                <td className="number nowrap">{written(one.computed, one.isCount)}</td>
                <td>
                  {isComparable && <Status tone={one.stated === one.computed ? "good" : "bad"}>{one.stated === one.computed ? t.equal : t.different}</Status>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
