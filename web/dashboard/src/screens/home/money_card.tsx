// What PSPs took in the last days: sums by currency, and each day as a bar on an axis that begins at zero.

import type { Home } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Card } from "../../parts/page";
import { Status } from "../../parts/status";
import { currenciesOf, type CurrencyDays } from "./money_days";
import { HOME } from "./texts";

export function MoneyCard({ home }: { home: Home }) {
  const t = useTexts(HOME);
  const { locale } = useLanguage();
  const { money } = home;
  if (money.state === "hidden") return null;
  const currencies = currenciesOf(money, home.at);
  return (
    <Card title={t.money}>
      {money.state === "unavailable" ? (
        <Status tone="bad">{t.unavailable}</Status>
      ) : currencies.length === 0 ? (
        <p className="quiet">{t.noMoney}</p>
      ) : (
        <div className="part">
          <div className="scroll" tabIndex={0} role="group" aria-label={t.money}>
            <table className="table">
              <thead>
                <tr>
                  <th>{t.currency}</th>
                  <th className="number">{t.today}</th>
                  <th className="number">{t.week}</th>
                  <th className="number">{t.month}</th>
                </tr>
              </thead>
              <tbody>
                {currencies.map((one) => (
                  <tr key={one.currency}>
                    <td>{one.currency.toUpperCase()}</td>
                    {[one.today, one.week, one.month].map((minor, place) => (
                      // The three sums keep their places.
                      <td key={place} className="number">
                        {formatAmount(minor, one.currency, locale)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {currencies.map((one) => (
            <DayBars key={one.currency} of={one} />
          ))}
          <p className="quiet small">{t.moneyWhy}</p>
        </div>
      )}
    </Card>
  );
}

function DayBars({ of }: { of: CurrencyDays }) {
  const t = useTexts(HOME);
  const { locale } = useLanguage();
  const written = (day: string) => new Date(`${day}T00:00:00Z`).toLocaleDateString(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const name = of.currency.toUpperCase();
  return (
    <div>
      <div aria-hidden="true">
        <p className="quiet small">{t.upTo(name, formatAmount(of.most, of.currency, locale))}</p>
        <div className="bars">
          {of.days.map(({ day, minor }) => (
            <span key={day} title={`${written(day)}: ${formatAmount(minor, of.currency, locale)}`} style={{ height: of.most === 0 ? "0" : `${(100 * minor) / of.most}%` }} />
          ))}
        </div>
        <p className="bars-axis quiet small">
          <span>{written(of.days[0]?.day ?? "")}</span>
          <span>{written(of.days.at(-1)?.day ?? "")}</span>
        </p>
      </div>
      <details>
        <summary>{t.moneyDays(name)}</summary>
        <div className="scroll" tabIndex={0} role="group" aria-label={t.moneyDays(name)}>
          <table className="table">
            <thead>
              <tr>
                <th>{t.day}</th>
                <th className="number">{t.taken}</th>
              </tr>
            </thead>
            <tbody>
              {of.days.toReversed().map(({ day, minor }) => (
                <tr key={day}>
                  <td>{written(day)}</td>
                  <td className="number">{formatAmount(minor, of.currency, locale)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
