import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import type { RunReport } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Copy } from "../../parts/copy";
import { Money } from "../../parts/money";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { formatTime } from "../../time/times";
import { CLASSES, STATUSES, TONES } from "../breaks/classes";
import { runRoute } from "./route";
import { RUN } from "./texts";

/** The report of a run: first the money that no statement has told of, by age. */
export function RunScreen() {
  const { runId } = runRoute.useParams();
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["run", mode, runId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/reconciliation_runs/{run_id}", { params: { path: { run_id: runId }, query: { mode } }, signal })),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(report) => <Report report={report} />}
    </Loaded>
  );
}

interface ReportProps {
  readonly report: RunReport;
}

function Report({ report }: ReportProps) {
  const t = useTexts(RUN);
  const { locale } = useLanguage();
  return (
    <>
      <PageHead
        title={t.title(formatTime(report.cut_off, locale))}
        lead={
          <p className="chips">
            <Status tone={report.is_sound ? "good" : "bad"}>{report.is_sound ? t.sound : t.unsound}</Status>
            <Copy text={report.id} />
          </p>
        }
      />
      {report.flaw && (
        <div className="banner" data-tone="bad" role="alert">
          {report.flaw}
        </div>
      )}
      <div className="column">
        <UnclearedCard report={report} />
        <BreaksCard report={report} />
        <AccountsCard report={report} />
        <FilesCard report={report} />
      </div>
    </>
  );
}

function UnclearedCard({ report }: ReportProps) {
  const t = useTexts(RUN);
  const ages = report.uncleared[0]?.by_age ?? [];
  return (
    <Card title={t.uncleared}>
      {report.uncleared.length === 0 ? (
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
              {report.uncleared.map((money) => (
                <tr key={money.currency}>
                  <td>{money.currency.toUpperCase()}</td>
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

function BreaksCard({ report }: ReportProps) {
  const t = useTexts(RUN);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return (
    <Card title={t.breaks}>
      {report.break_sums.length === 0 ? (
        <p className="quiet">{t.noBreaks}</p>
      ) : (
        <ul className="lines">
          {report.break_sums.map((sum) => (
            <li key={`${sum.account}-${sum.currency}-${sum.break_class}-${sum.status}`}>
              <span className="chips">
                <Link to="/$mode/breaks" params={{ mode }} search={{ class: sum.break_class, account: sum.account, ...(sum.status ? { status: sum.status } : {}) }}>
                  {CLASSES[language][sum.break_class]}
                </Link>
                {sum.status && (
                  <Status tone={TONES[sum.status]}>
                    {sum.breaks} {STATUSES[language][sum.status]}
                  </Status>
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

function AccountsCard({ report }: ReportProps) {
  const t = useTexts(RUN);
  return (
    <Card title={t.accounts}>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.accounts}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.account}</th>
              <th className="number">{t.matched}</th>
              <th className="number">{t.openLines}</th>
              <th className="number">{t.balance}</th>
              <th className="number">{t.stated}</th>
              <th className="number">{t.inTransit}</th>
            </tr>
          </thead>
          <tbody>
            {report.accounts.map((account) => {
              const money = (minor: number | null) => (minor === null ? "—" : <Money amountMinor={minor} currency={account.currency} />);
              return (
                <tr key={`${account.account}-${account.currency}`}>
                  <td>
                    {account.account} {account.currency.toUpperCase()}
                  </td>
                  <td className="number">{money(account.matched_minor)}</td>
                  <td className="number">
                    {account.open_lines} · {money(account.open_lines_minor)}
                  </td>
                  <td className="number">{money(account.balance_minor)}</td>
                  <td className="number">{money(account.stated_balance_minor)}</td>
                  <td className="number">{money(account.in_transit_minor)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function FilesCard({ report }: ReportProps) {
  const t = useTexts(RUN);
  return (
    <Card title={t.files}>
      {report.files.length === 0 ? (
        <p className="quiet">{t.noFiles}</p>
      ) : (
        <ul className="lines">
          {report.files.map((file) => (
            <li key={file.id}>
              <span>
                {file.name} · {file.account}
              </span>
              <span className="quiet small code">{file.sha256}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
