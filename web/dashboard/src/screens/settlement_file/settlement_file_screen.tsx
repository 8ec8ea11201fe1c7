import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { SettlementFileRecord } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Copy } from "../../parts/copy";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { formatTime } from "../../time/times";
import { FILE_STATUSES, FILE_TONES, FORMATS } from "../settlement_files/statuses";
import type { Decision } from "./decision_dialog";
import { settlementFileRoute } from "./route";
import { DECISIONS, FINDINGS, SETTLEMENT_FILE } from "./texts";
import { TotalsCard } from "./totals_card";

const DecisionDialog = lazy(() => import("./decision_dialog").then(({ DecisionDialog }) => ({ default: DecisionDialog })));

/** A settlement file in full: whether its totals hold, what became of it, and what a person decides. */
export function SettlementFileScreen() {
  const { fileId } = settlementFileRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["settlement_file", fileId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/settlement_files/{file_id}", { params: { path: { file_id: fileId } }, signal })),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(file) => <Found key={fileId} file={file} />}
    </Loaded>
  );
}

function Found({ file }: { file: SettlementFileRecord }) {
  const t = useTexts(SETTLEMENT_FILE);
  const { language } = useLanguage();
  const mayDecide = useMay("breaks.decide", useModeOfPage());
  const [decision, decide] = useState<Decision | null>(null);
  return (
    <>
      <PageHead
        title={file.name}
        lead={
          <p className="chips">
            <Status tone={FILE_TONES[file.status]}>{FILE_STATUSES[language][file.status]}</Status>
            <Copy text={file.id} />
          </p>
        }
      >
        {mayDecide &&
          file.may.map((one) => (
            <button type="button" className="button" key={one} onClick={() => decide(one)}>
              {DECISIONS[language][one]}
            </button>
          ))}
      </PageHead>
      {file.refusal && (
        <div className="banner" data-tone="bad" role="alert">
          <strong>{file.refusal_line === null ? t.refused : t.refusedLine(file.refusal_line)}</strong>
          <span>{file.refusal}</span>
        </div>
      )}
      <div className="split">
        <div className="column">
          <TotalsCard file={file} />
          <DecisionsCard file={file} />
          {file.arrivals.length > 0 && <ArrivalsCard file={file} />}
        </div>
        <FactsCard file={file} />
      </div>
      {decision && (
        <Suspense>
          <DecisionDialog decision={decision} file={file} close={() => decide(null)} />
        </Suspense>
      )}
    </>
  );
}

function FactsCard({ file }: { file: SettlementFileRecord }) {
  const t = useTexts(SETTLEMENT_FILE);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const period = file.period_start && file.period_end && t.until(formatTime(file.period_start, locale), formatTime(file.period_end, locale));
  return (
    <Card title={t.details}>
      <Facts
        of={[
          [t.account, file.account],
          [t.statedAccount, file.account_id],
          [t.period, period],
          [t.sequence, file.sequence],
          [t.lines, t.openLines(file.lines.toLocaleString(locale), file.open_lines.toLocaleString(locale))],
          [
            t.run,
            file.run && (
              <Link key="run" to="/$mode/runs/$runId" params={{ mode, runId: file.run }} className="code">
                {file.run}
              </Link>
            ),
          ],
          [
            t.break,
            file.break_id === null ? null : (
              <Link key="break" to="/$mode/breaks/$breakId" params={{ mode, breakId: String(file.break_id) }}>
                {file.break_id}
              </Link>
            ),
          ],
          [
            t.replaces,
            file.replaces && (
              <Link key="replaces" to="/$mode/settlement_files/$fileId" params={{ mode, fileId: file.replaces }} className="code">
                {file.replaces}
              </Link>
            ),
          ],
          [t.source, file.source],
          [t.format, FORMATS[language][file.format]],
          [t.parser, file.parser_version],
          [t.size, t.bytes(file.size_bytes)],
          [t.sha256, <Copy key="sha256" text={file.sha256} />],
        ]}
      />
    </Card>
  );
}

function DecisionsCard({ file }: { file: SettlementFileRecord }) {
  const t = useTexts(SETTLEMENT_FILE);
  const { language } = useLanguage();
  return (
    <Card title={t.decisions}>
      {file.decisions.length === 0 ? (
        <p className="quiet">{t.noDecisions}</p>
      ) : (
        <ol className="timeline">
          {file.decisions.map((one) => (
            <li key={one.acted_at}>
              <div className="strong">{DECISIONS[language][one.action]}</div>
              <div className="quiet small">
                <Time at={one.acted_at} precision="second" /> · {one.by}
              </div>
              <div className="small">{one.reason}</div>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

function ArrivalsCard({ file }: { file: SettlementFileRecord }) {
  const t = useTexts(SETTLEMENT_FILE);
  const { language } = useLanguage();
  return (
    <Card title={t.arrivals}>
      <ul className="lines">
        {file.arrivals.map((one) => (
          <li key={`${one.arrived_at}-${one.name}`}>
            <span>
              <Time at={one.arrived_at} precision="second" /> · {FINDINGS[language][one.finding]}
            </span>
            <span className="quiet small code">{one.name}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
