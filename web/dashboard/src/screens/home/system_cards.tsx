// The state of the system: how charges fare, what waits, and what is checked.

import { lazy, Suspense } from "react";
import { Link } from "@tanstack/react-router";
import type { Home } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Card } from "../../parts/page";
import { Status } from "../../parts/status";
import { Distance, Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { accountsOf, hoursOf } from "./rates";
import { CONSUMERS, HOME, VERDICTS } from "./texts";

const HoursChart = lazy(() => import("./chart").then(({ HoursChart }) => ({ default: HoursChart })));

interface HomeProps {
  readonly home: Home;
}

function Unread() {
  return <Status tone="bad">{useTexts(HOME).unavailable}</Status>;
}

export function RatesCard({ home }: HomeProps) {
  const t = useTexts(HOME);
  const { locale } = useLanguage();
  const { rates } = home;
  if (rates.state === "hidden") return null;
  if (rates.state === "unavailable") {
    return (
      <Card title={t.rates}>
        <Unread />
      </Card>
    );
  }
  const hours = hoursOf(rates, home.at);
  const count = (many: number) => many.toLocaleString(locale);
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  return (
    <Card title={t.rates}>
      {rates.hours.length === 0 ? (
        <p className="quiet">{t.noCharges}</p>
      ) : (
        <>
          <Suspense fallback={<div className="chart" />}>
            <HoursChart hours={hours} />
          </Suspense>
          <p className="quiet small">
            {t.ratesWhy} {rates.is_sample && t.sample}
          </p>
          <div className="scroll" tabIndex={0} role="group" aria-label={t.byAccount}>
            <table className="table">
              <thead>
                <tr>
                  <th>{t.byAccount}</th>
                  <th className="number">{t.accepted}</th>
                  <th className="number">{t.succeeded}</th>
                  <th className="number">{t.failed}</th>
                  <th className="number">{t.canceledOrExpired}</th>
                  <th className="number">{t.unfinished}</th>
                  <th className="number">{t.share}</th>
                </tr>
              </thead>
              <tbody>
                {accountsOf(rates).map((row) => (
                  <tr key={row.account}>
                    <td>{row.account}</td>
                    <td className="number">{count(row.accepted)}</td>
                    <td className="number">{count(row.succeeded)}</td>
                    <td className="number">{count(row.failed)}</td>
                    <td className="number">{count(row.canceledOrExpired)}</td>
                    <td className="number">{count(row.unfinished)}</td>
                    <td className="number">{row.share === null ? <span title={t.tooFew}>—</span> : percent.format(row.share)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <details>
            <summary>{t.hours}</summary>
            <div className="scroll" tabIndex={0} role="group" aria-label={t.hours}>
              <table className="table">
                <thead>
                  <tr>
                    <th>{t.hour}</th>
                    <th className="number">{t.accepted}</th>
                    <th className="number">{t.succeeded}</th>
                    <th className="number">{t.failed}</th>
                    <th className="number">{t.canceledOrExpired}</th>
                    <th className="number">{t.unfinished}</th>
                  </tr>
                </thead>
                <tbody>
                  {hours.toReversed().map((hour) => (
                    <tr key={hour.at}>
                      <td>
                        <Time at={new Date(hour.at).toISOString()} />
                      </td>
                      <td className="number">{count(hour.accepted)}</td>
                      <td className="number">{count(hour.succeeded)}</td>
                      <td className="number">{count(hour.failed)}</td>
                      <td className="number">{count(hour.canceledOrExpired)}</td>
                      <td className="number">{count(hour.unfinished)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </details>
        </>
      )}
    </Card>
  );
}

export function AccountsCard({ home }: HomeProps) {
  const t = useTexts(HOME);
  const mode = useModeOfPage();
  const { breakers } = home;
  if (breakers.state === "hidden") return null;
  const notCalled = breakers.breakers.filter((breaker) => breaker.state !== "closed");
  return (
    <Card
      title={t.accounts}
      aside={
        <Link to="/$mode/psp_accounts" params={{ mode }}>
          {t.all}
        </Link>
      }
    >
      {breakers.state === "unavailable" ? (
        <Unread />
      ) : notCalled.length === 0 ? (
        <p className="quiet">{t.allCalled}</p>
      ) : (
        <ul className="lines">
          {notCalled.map((breaker) => (
            <li key={`${breaker.psp}/${breaker.psp_account}`}>
              <span className="chips">
                <strong>
                  {breaker.psp}/{breaker.psp_account}
                </strong>
                <Status tone="bad">{breaker.state === "open" ? t.notCalled : t.tried}</Status>
                {breaker.since && (
                  <span className="quiet small">
                    {t.since} <Time at={breaker.since} precision="second" />
                  </span>
                )}
              </span>
              {breaker.reason && <span className="quiet small">{breaker.reason}</span>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function WorkCard({ home }: HomeProps) {
  const t = useTexts(HOME);
  const { language, locale } = useLanguage();
  const { queue, consumers } = home;
  if (queue.state === "hidden" && consumers.every((consumer) => consumer.state === "hidden")) return null;
  return (
    <Card title={t.work}>
      <ul className="lines">
        {consumers
          .filter((consumer) => consumer.state !== "hidden")
          .map((consumer) => (
            <li key={consumer.consumer}>
              <span className="chips">
                <strong>{CONSUMERS[language][consumer.consumer]}</strong>
                {consumer.state === "unavailable" || consumer.events_behind === null ? (
                  <Unread />
                ) : consumer.events_behind === 0 ? (
                  <Status tone="good">{t.upToDate}</Status>
                ) : (
                  <Status tone="warn">{t.behind(consumer.events_behind)}</Status>
                )}
                {consumer.behind_since && (
                  <span className="quiet small">
                    {t.since} <Time at={consumer.behind_since} precision="second" />
                  </span>
                )}
              </span>
            </li>
          ))}
        {queue.state === "unavailable" && (
          <li>
            <span className="chips">
              <strong>{t.jobs}</strong>
              <Unread />
            </span>
          </li>
        )}
        {queue.state === "read" && queue.kinds.length === 0 && (
          <li>
            <span className="chips">
              <strong>{t.jobs}</strong>
              <Status tone="good">{t.noJobs}</Status>
            </span>
          </li>
        )}
        {queue.kinds.map((backlog) => (
          <li key={backlog.kind}>
            <span className="chips">
              <strong className="code">{backlog.kind}</strong>
              <Status>{t.dueJobs(backlog.due.toLocaleString(locale))}</Status>
              <span className="quiet small">
                {t.since} <Time at={backlog.oldest_due_at} precision="second" />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function InvariantsCard({ home }: HomeProps) {
  const t = useTexts(HOME);
  const { language } = useLanguage();
  const { invariants } = home;
  if (invariants.state === "hidden") return null;
  const bad = invariants.invariants.filter((one) => one.verdict === "broken" || one.verdict === "unchecked");
  const holding = invariants.invariants.filter((one) => one.verdict === "holds").length;
  const never = invariants.invariants.length - bad.length - holding;
  const checked = invariants.invariants.flatMap((one) => one.checked_at ?? []).toSorted();
  return (
    <Card title={t.invariants}>
      {invariants.state === "unavailable" ? (
        <Unread />
      ) : (
        <>
          <p className="chips">
            {holding > 0 && <Status tone="good">{t.hold(holding)}</Status>}
            {never > 0 && <Status>{t.notChecked(never)}</Status>}
          </p>
          <ul className="lines">
            {bad.map((one) => (
              <li key={one.name}>
                <span className="chips">
                  <strong className="code">{one.name}</strong>
                  <Status tone={one.verdict === "broken" ? "bad" : "warn"}>{VERDICTS[language][one.verdict === "broken" ? "broken" : "unchecked"]}</Status>
                </span>
                <span className="quiet small">{one.sentence}</span>
              </li>
            ))}
          </ul>
          {checked[0] && (
            <p className="quiet small">
              {t.checked} <Distance at={checked[0]} />
            </p>
          )}
        </>
      )}
    </Card>
  );
}

export function SourcesCard({ home }: HomeProps) {
  const t = useTexts(HOME);
  const mode = useModeOfPage();
  const { reconciliation } = home;
  const sources = reconciliation.sources.filter((source) => source.mode === mode);
  if (reconciliation.state === "hidden" || (reconciliation.state === "read" && sources.length === 0)) return null;
  return (
    <Card
      title={t.sources}
      aside={
        <Link to="/$mode/settlement_files" params={{ mode }}>
          {t.all}
        </Link>
      }
    >
      {reconciliation.state === "unavailable" ? (
        <Unread />
      ) : (
        <ul className="lines">
          {sources.map((source) => {
            const isLate = source.overdue_seconds > 0 || source.late_seconds > 0;
            return (
              <li key={source.source}>
                <span className="chips">
                  <strong>{source.source}</strong>
                  <Status tone={isLate ? "bad" : source.failures > 0 ? "warn" : "good"}>{isLate ? t.late : source.failures > 0 ? t.failing : t.onTime}</Status>
                  <span className="quiet small">
                    {t.reconciled} {source.reconciled_at ? <Distance at={source.reconciled_at} /> : t.never}
                  </span>
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
