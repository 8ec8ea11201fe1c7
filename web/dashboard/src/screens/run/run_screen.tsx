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
import { BreakSumsCard, UnclearedCard } from "./report_cards";
import { ReportFiles } from "./report_files";
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
  const api = useApi();
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
      >
        <ReportFiles
          name={`reconciliation-${report.id}`}
          ask={(format) =>
            api.GET("/staff/v1/reconciliation_runs/{run_id}/report", { params: { path: { run_id: report.id }, query: { format } }, parseAs: "blob" })
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
        <BreakSumsCard title={t.breaks} none={t.noBreaks} of={report.break_sums} />
        <AccountsCard report={report} />
        <FilesCard report={report} />
      </div>
    </>
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
  const mode = useModeOfPage();
  return (
    <Card title={t.files}>
      {report.files.length === 0 ? (
        <p className="quiet">{t.noFiles}</p>
      ) : (
        <ul className="lines">
          {report.files.map((file) => (
            <li key={file.id}>
              <span>
                <Link to="/$mode/settlement_files/$fileId" params={{ mode, fileId: file.id }}>
                  {file.name}
                </Link>{" "}
                · {file.account}
              </span>
              <span className="quiet small code">{file.sha256}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
