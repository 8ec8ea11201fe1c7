// What is uncleared in sums, each a way to its items.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useLanguage, useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { Card } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { UNCLEARED } from "./texts";

export function AmountsCard() {
  const t = useTexts(UNCLEARED);
  const { locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["uncleared_amounts", mode],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/uncleared_amounts", { params: { query: { mode } }, signal })),
  });
  return (
    <Card title={t.byAge}>
      <Loaded query={query} lines={3}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="quiet">{t.nothing}</p>
          ) : (
            <div className="scroll" tabIndex={0} role="group" aria-label={t.byAge}>
              <table className="table">
                <thead>
                  <tr>
                    <th>{t.account}</th>
                    <th>{t.age}</th>
                    <th className="number">{t.items}</th>
                    <th className="number">{t.amount}</th>
                    <th>{t.overdue}</th>
                  </tr>
                </thead>
                <tbody>
                  {data.map((sum) => (
                    <tr key={`${sum.account}-${sum.currency}-${sum.from_days}`}>
                      <td>
                        {sum.account} {sum.currency.toUpperCase()}
                      </td>
                      <td className="nowrap">
                        <Link
                          to="/$mode/uncleared"
                          params={{ mode }}
                          search={{
                            account: sum.account,
                            currency: sum.currency,
                            min_days: String(sum.from_days),
                            ...(sum.to_days === null ? {} : { max_days: String(sum.to_days) }),
                          }}
                        >
                          {t.days(sum.from_days, sum.to_days)}
                        </Link>
                      </td>
                      <td className="number">{sum.items.toLocaleString(locale)}</td>
                      <td className="number">
                        <Money amountMinor={sum.amount_minor} currency={sum.currency} />
                      </td>
                      <td title={t.overdueHint}>{sum.overdue > 0 ? <Status tone="bad">{sum.overdue.toLocaleString(locale)}</Status> : "—"}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}
