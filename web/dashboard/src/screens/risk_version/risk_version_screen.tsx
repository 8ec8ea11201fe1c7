import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { RiskRules } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Card, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { Time } from "../../parts/time";
import { DifferenceCard } from "../../rules/difference_card";
import { RULES } from "../../rules/texts";
import { useMay } from "../../session/permission";
import { ACTIONS, RISK_RULES, RULE_STATES, RULE_TONES, STAGES } from "../risk_rules/texts";
import { riskVersionRoute } from "./route";
import { TrialCard } from "./trial_card";
import { USES, type Use } from "./uses";

const UseDialog = lazy(() => import("./use_dialog").then(({ UseDialog }) => ({ default: UseDialog })));

/** A version of the risk rules: what it says, how it differs, what it would have done, and what it is used for. */
export function RiskVersionScreen() {
  const { version } = riskVersionRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["risk_rules", version],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/risk_rules/{version}", { params: { path: { version } }, signal })),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(found) => <Found key={version} found={found} />}
    </Loaded>
  );
}

function Found({ found }: { found: RiskRules }) {
  const t = useTexts(RISK_RULES);
  const rules = useTexts(RULES);
  const { language } = useLanguage();
  const api = useApi();
  const mayInTest = useMay("rules.manage", "test");
  const mayInLive = useMay("rules.manage", "live");
  const [use, setUse] = useState<Use | null>(null);
  const version = String(found.version);
  const before = found.version - 1;
  const difference = useQuery({
    queryKey: ["risk_rules", version, "difference"],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/risk_rules/{version}/difference", { params: { path: { version }, query: { with: before } }, signal })),
    enabled: before > 0,
  });
  return (
    <>
      <PageHead
        title={`${t.title}: ${rules.version} ${version}`}
        lead={
          <p className="chips">
            <Status tone={RULE_TONES[found.state]}>{RULE_STATES[language][found.state]}</Status>
            <span className="quiet">
              <Time at={found.drafted_at} /> · {found.drafted_by} · {found.reason}
            </span>
          </p>
        }
      >
        {mayInTest &&
          mayInLive &&
          USES[found.state].map((one) => (
            <button type="button" className="button" key={one} onClick={() => setUse(one)}>
              {t[one]}
            </button>
          ))}
      </PageHead>
      <div className="column">
        <RulesCard found={found} />
        <TrialCard found={found} />
        {before > 0 && <DifferenceCard query={difference} withVersion={before} />}
        <Card title={t.text}>
          <pre className="code" tabIndex={0} aria-label={t.text}>
            {found.text}
          </pre>
        </Card>
      </div>
      {use && (
        <Suspense>
          <UseDialog found={found} use={use} close={() => setUse(null)} />
        </Suspense>
      )}
    </>
  );
}

function RulesCard({ found }: { found: RiskRules }) {
  const t = useTexts(RISK_RULES);
  const rules = useTexts(RULES);
  const { language } = useLanguage();
  return (
    <Card title={t.rules}>
      {found.rules === null ? (
        <p className="quiet">{rules.unreadable}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={t.rules}>
          <table className="table">
            <thead>
              <tr>
                <th>{rules.name}</th>
                <th>{t.stage}</th>
                <th>{rules.condition}</th>
                <th>{rules.does}</th>
                <th>{rules.only}</th>
                <th>{t.until}</th>
              </tr>
            </thead>
            <tbody>
              {found.rules.map((rule) => (
                <tr key={rule.name}>
                  <td>
                    <span className="strong">{rule.name}</span>
                    {rule.reason && (
                      <>
                        <br />
                        <span className="quiet small">{rule.reason}</span>
                      </>
                    )}
                  </td>
                  <td>{STAGES[language][rule.stage]}</td>
                  <td className="code">{rule.when}</td>
                  <td>{ACTIONS[language][rule.action]}</td>
                  <td>{[rule.mode && rules[rule.mode], ...rule.merchants].filter(Boolean).join(", ") || "—"}</td>
                  <td>{rule.expires ? <Time at={rule.expires} /> : "—"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
