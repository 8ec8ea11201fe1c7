// Cards that the report of a run and that of a day have in common.

import { Link } from "@tanstack/react-router";
import type { BreakSum, UnclearedMoney } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { Card } from "../../parts/page";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { CLASSES, STATUSES, TONES } from "../breaks/classes";
import { RUN } from "./texts";

/** What no statement has told of, by currency and age. */
export function UnclearedCard({ of: uncleared }: { of: readonly UnclearedMoney[] }) {
  const t = useTexts(RUN);
  const mode = useModeOfPage();
  const ages = uncleared[0]?.by_age ?? [];
  return (
    <Card title={t.uncleared}>
      {uncleared.length === 0 ? (
        <p className="quiet">{t.nothingUncleared}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={t.uncleared}>
          <table className="table">
            <thead>
              <tr>
                <th>{t.currency}</th>
                {ages.map((age) => (
                  <th className="number" key={age.from_days}>
                    {t.days(age.from_days, age.to_days)}
                  </th>
                ))}
                <th className="number">{t.total}</th>
              </tr>
            </thead>
            <tbody>
              {uncleared.map((money) => (
                <tr key={money.currency}>
                  <td>
                    <Link to="/$mode/uncleared" params={{ mode }} search={{ currency: money.currency }}>
                      {money.currency.toUpperCase()}
                    </Link>
                  </td>
                  {ages.map(({ from_days: from }) => {
                    const sum = money.by_age.find((age) => age.from_days === from);
                    return (
                      <td className="number" key={from}>
                        {sum && sum.items > 0 ? (
                          <>
                            <Money amountMinor={sum.amount_minor} currency={money.currency} />
                            <br />
                            <span className="quiet small">{t.items(sum.items)}</span>
                          </>
                        ) : (
                          "—"
                        )}
                      </td>
                    );
                  })}
                  <td className="number strong">
                    <Money amountMinor={money.amount_minor} currency={money.currency} />
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

/** Breaks in sums, each a way to its breaks. */
export function BreakSumsCard({ title, none, of: sums }: { title: string; none: string; of: readonly BreakSum[] }) {
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return (
    <Card title={title}>
      {sums.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        <ul className="lines">
          {sums.map((sum) => (
            <li key={`${sum.account}-${sum.currency}-${sum.break_class}-${sum.status}`}>
              <span className="chips">
                <Link
                  to="/$mode/breaks"
                  params={{ mode }}
                  search={{ class: sum.break_class, account: sum.account, ...(sum.status ? { status: sum.status } : { closed: "true" }) }}
                >
                  {CLASSES[language][sum.break_class]}
                </Link>
                {sum.status ? (
                  <Status tone={TONES[sum.status]}>
                    {sum.breaks} {STATUSES[language][sum.status]}
                  </Status>
                ) : (
                  <Status>{sum.breaks}</Status>
                )}
                {sum.amount_minor !== null && sum.currency && <Money amountMinor={sum.amount_minor} currency={sum.currency} />}
                <span className="quiet small">{sum.account}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
