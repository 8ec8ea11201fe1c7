import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { RiskVersions } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { RULES } from "../../rules/texts";
import { RISK_RULES, RULE_STATES, RULE_TONES } from "./texts";

const DraftDialog = lazy(() => import("./draft_dialog").then(({ DraftDialog }) => ({ default: DraftDialog })));

/** The versions of the risk rules, and what each was used for. */
export function RiskRulesScreen() {
  const t = useTexts(RISK_RULES);
  const api = useApi();
  const mayInTest = useMay("rules.manage", "test");
  const mayInLive = useMay("rules.manage", "live");
  const [isDrafting, setIsDrafting] = useState(false);
  const versions = useQuery({
    queryKey: ["risk_rules"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/risk_rules", { signal })),
  });
  const latest = versions.data?.data.find((version) => version.state === "live") ?? versions.data?.data[0];
  const text = useQuery({
    queryKey: ["risk_rules", String(latest?.version)],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/risk_rules/{version}", { params: { path: { version: String(latest?.version) } }, signal })),
    enabled: latest !== undefined,
  });
  const isReady = versions.data !== undefined && (latest === undefined || text.data !== undefined);
  return (
    <>
      <PageHead title={t.title}>
        {mayInTest && mayInLive && (
          <button type="button" className="button" data-kind="primary" disabled={!isReady} onClick={() => setIsDrafting(true)}>
            {t.draft}
          </button>
        )}
      </PageHead>
      <Loaded query={versions} lines={6}>
        {(found) => (
          <div className="column">
            <VersionsCard versions={found.data} />
            <ChangesCard changes={found.changes} />
          </div>
        )}
      </Loaded>
      {isDrafting && isReady && (
        <Suspense>
          <DraftDialog text={text.data?.text ?? ""} close={() => setIsDrafting(false)} />
        </Suspense>
      )}
    </>
  );
}

function VersionsCard({ versions }: { versions: RiskVersions["data"] }) {
  const t = useTexts(RISK_RULES);
  const rules = useTexts(RULES);
  const { language } = useLanguage();
  const mode = useModeOfPage();
  return (
    <Card title={t.versions}>
      {versions.length === 0 ? (
        <p className="quiet">{t.none}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={t.versions}>
          <table className="table">
            <thead>
              <tr>
                <th>{rules.version}</th>
                <th>{rules.when}</th>
                <th>{rules.by}</th>
                <th>{rules.reason}</th>
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => (
                <tr key={version.version}>
                  <td className="nowrap">
                    <Link to="/$mode/risk_rules/$version" params={{ mode, version: String(version.version) }}>
                      {version.version}
                    </Link>{" "}
                    <Status tone={RULE_TONES[version.state]}>{RULE_STATES[language][version.state]}</Status>
                  </td>
                  <td>
                    <Time at={version.drafted_at} />
                  </td>
                  <td>{version.drafted_by}</td>
                  <td>{version.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

function ChangesCard({ changes }: { changes: RiskVersions["changes"] }) {
  const t = useTexts(RISK_RULES);
  const rules = useTexts(RULES);
  const { language } = useLanguage();
  return (
    <Card title={t.changes}>
      {changes.length === 0 ? (
        <p className="quiet">{t.noChanges}</p>
      ) : (
        <ol className="timeline">
          {changes.map((change) => (
            <li key={`${change.version}-${change.changed_at}`}>
              <div className="strong">
                {rules.version} {change.version}: {t.became(RULE_STATES[language][change.from_state], RULE_STATES[language][change.to_state])}
              </div>
              <div className="quiet small">
                <Time at={change.changed_at} precision="second" /> · {change.changed_by}
              </div>
              <div className="small">{change.reason}</div>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
