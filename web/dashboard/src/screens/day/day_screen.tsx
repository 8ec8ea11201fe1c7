import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { DayReport } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Copy } from "../../parts/copy";
import { Money } from "../../parts/money";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { BreakSumsCard, UnclearedCard } from "../run/report_cards";
import { ReportFiles } from "../run/report_files";
import { dayRoute } from "./route";
import { DAY, LEDGER_PARTS } from "./texts";

/** The report of a day, as its last run left it, or as it was sealed. */
export function DayScreen() {
  const { day } = dayRoute.useParams();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["reconciliation_day", mode, day],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/reconciliation_days/{day}", { params: { path: { day }, query: { mode } }, signal })),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(report) => <Report report={report} />}
    </Loaded>
  );
}

interface ReportProps {
  readonly report: DayReport;
}

function Report({ report }: ReportProps) {
  const t = useTexts(DAY);
  const api = useApi();
  return (
    <>
      <PageHead
        title={t.title(report.id)}
        lead={
          <p className="chips">
            {report.is_missing ? (
              <Status tone="bad">{t.missing}</Status>
            ) : (
              <Status tone={report.is_sound ? "good" : "bad"}>{report.is_sound ? t.sound : t.unsound}</Status>
            )}
            {report.so_far && <Status tone="info">{t.soFar}</Status>}
          </p>
        }
      >
        <ReportFiles
          name={`reconciliation-${report.id}`}
          ask={(format) =>
            api.GET("/staff/v1/reconciliation_days/{day}/report", { params: { path: { day: report.id }, query: { format } }, parseAs: "blob" })
          }
        />
      </PageHead>
      {report.flaw && (
        <div className="banner" data-tone="bad" role="alert">
          {report.flaw}
        </div>
      )}
      <div className="column">
        <UnclearedCard of={report.uncleared} />
        <EquationsCard report={report} />
        <div className="split">
          <div className="column">
            <BalancesCard report={report} />
            <BreakSumsCard title={t.openedInSums} none={t.noneOpened} of={report.opened} />
            <BreakSumsCard title={t.closedInSums} none={t.noneClosed} of={report.closed} />
            <BreakSumsCard title={t.standing} none={t.noneStanding} of={report.standing} />
          </div>
          <SideCards report={report} />
        </div>
      </div>
    </>
  );
}

function SideCards({ report }: ReportProps) {
  const t = useTexts(DAY);
  const { locale } = useLanguage();
  const mode = useModeOfPage();
  const count = (many: number) => many.toLocaleString(locale);
  return (
    <div className="column">
      <Card title={t.breaks}>
        <Facts
          of={[
            [t.before, count(report.breaks_before)],
            [t.opened, count(report.breaks_opened)],
            [t.closed, count(report.breaks_closed)],
            [t.after, <strong key="after">{count(report.breaks_after)}</strong>],
          ]}
        />
      </Card>
      <Card title={t.runs}>
        <ul className="lines">
          {report.runs.map((run) => (
            <li key={run}>
              <Link to="/$mode/runs/$runId" params={{ mode, runId: run }} className="code">
                {run}
              </Link>
            </li>
          ))}
        </ul>
        <Facts
          of={[
            [t.hash, <Copy key="hash" text={report.sha256} />],
            [t.hashBefore, report.sha256_before && <Copy key="before" text={report.sha256_before} />],
          ]}
        />
      </Card>
    </div>
  );
}

function EquationsCard({ report }: ReportProps) {
  const t = useTexts(DAY);
  const { language, locale } = useLanguage();
  const rows = report.accounts.flatMap((account) => account.movements.map((movement) => ({ ...movement, of: account.account, currency: account.currency })));
  return (
    <Card title={t.equations}>
      <p className="quiet">{t.equationsWhy}</p>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.equations}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.account}</th>
              <th className="number">{t.before}</th>
              <th className="number">{t.booked}</th>
              <th className="number">{t.matched}</th>
              <th className="number">{t.after}</th>
              <th>{t.equation}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const money = (minor: number) => formatAmount(minor, row.currency, locale);
              return (
                <tr key={`${row.of}-${row.currency}-${row.account}`}>
                  <td>
                    {row.of} <span className="quiet">{LEDGER_PARTS[language][row.account]}</span>
                  </td>
                  <td className="number nowrap">{money(row.before_minor)}</td>
                  <td className="number nowrap">{money(row.booked_minor)}</td>
                  <td className="number nowrap">{money(row.matched_minor)}</td>
                  <td className="number nowrap strong">{money(row.after_minor)}</td>
                  <td>
                    <Status tone={row.difference_minor === 0 ? "good" : "bad"}>{row.difference_minor === 0 ? t.holds : t.fails(money(row.difference_minor))}</Status>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function BalancesCard({ report }: ReportProps) {
  const t = useTexts(DAY);
  return (
    <Card title={t.balances}>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.balances}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.account}</th>
              <th className="number">{t.balance}</th>
              <th className="number">{t.stated}</th>
            </tr>
          </thead>
          <tbody>
            {report.accounts.map((account) => (
              <tr key={`${account.account}-${account.currency}`}>
                <td>
                  {account.account} {account.currency.toUpperCase()}
                </td>
                <td className="number">
                  <Money amountMinor={account.balance_minor} currency={account.currency} />
                </td>
                <td className="number">
                  {account.stated_balance_minor === null ? "—" : <Money amountMinor={account.stated_balance_minor} currency={account.currency} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
