// Why the charge went where it went: its attempts, the risk decision, the routing plan.

import { Link } from "@tanstack/react-router";
import type { ChargeInFull } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Copy } from "../../parts/copy";
import { Card, Facts } from "../../parts/page";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { ATTEMPTS, RISK_DECISIONS, RISK_LEVELS, SKIPS, UNAVAILABLE } from "./decision_names";
import { Fold } from "./fold";
import { CHARGE } from "./texts";

interface FoundProps {
  readonly found: ChargeInFull;
}

/** The attempts, where there is more than one: of a single one, the details say it all. */
export function AttemptsCard({ found: { attempts } }: FoundProps) {
  const t = useTexts(CHARGE);
  const { language } = useLanguage();
  if (attempts.length < 2) return null;
  return (
    <Card title={t.attempts}>
      <ol className="lines">
        {attempts.map((attempt) => (
          <li key={attempt.number}>
            <span>
              {attempt.number}. {attempt.psp} · {attempt.psp_account}{" "}
              <Status tone={attempt.status === "reversal_failed" ? "bad" : attempt.status === "current" ? "info" : "plain"}>
                {ATTEMPTS[language][attempt.status]}
              </Status>
            </span>
            {attempt.psp_reference && (
              <span className="quiet small">
                <Copy text={attempt.psp_reference} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
}

const RISK_TONES = { allow: "good", block: "bad", challenge: "warn", review: "warn" } as const;

/** What the risk rules and the PSP found. What the rules read is within. */
export function RiskCard({ found: { risk, psp_risk: pspRisk } }: FoundProps) {
  const t = useTexts(CHARGE);
  const { language } = useLanguage();
  if (!risk && !pspRisk) return null;
  const decisions = RISK_DECISIONS[language];
  return (
    <Fold title={t.risk} aside={risk && <Status tone={RISK_TONES[risk.decision]}>{decisions[risk.decision]}</Status>}>
      <Facts
        of={[
          [t.decision, risk && decisions[risk.decision]],
          [t.decidedBy, risk && (risk.rule ?? t.noRule)],
          [t.insteadOf, risk?.fell_back_from && decisions[risk.fell_back_from]],
          [t.version, risk && <RiskVersion key="version" version={risk.rules_version} />],
          [t.incomplete, risk?.unavailable && UNAVAILABLE[language][risk.unavailable]],
          [t.hits, risk?.hits.map((hit) => `${hit.rule} (${decisions[hit.action]})`).join(", ")],
          [t.hungOnUnknown, risk?.unknown.join(", ")],
          [t.erred, risk?.errors.map((one) => `${one.rule}: ${one.reason}`).join("; ")],
          [t.inShadow, risk?.shadow.map((one) => `${one.rules_version}: ${decisions[one.decision]}${one.rule ? ` (${one.rule})` : ""}`).join("; ")],
          ["PSP", pspRisk && [RISK_LEVELS[language][pspRisk.level], pspRisk.score, pspRisk.rule].filter((one) => one !== null).join(" · ")],
        ]}
      />
      {risk && Object.keys(risk.facts).length > 0 && (
        <details>
          <summary className="small">{t.facts}</summary>
          <Facts of={Object.entries(risk.facts).map(([name, value]) => [name, String(value)] as const)} />
        </details>
      )}
    </Fold>
  );
}

function RiskVersion({ version }: { version: number }) {
  const t = useTexts(CHARGE);
  const mode = useModeOfPage();
  const may = useMay("rules.read", mode);
  if (version === 0) return t.noVersion;
  if (!may) return version;
  return (
    <Link to="/$mode/risk_rules/$version" params={{ mode, version: String(version) }}>
      {version}
    </Link>
  );
}

/** Where the charge might go, as it was decided before any PSP was called. */
export function RoutingCard({ found: { plan } }: FoundProps) {
  const t = useTexts(CHARGE);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const may = useMay("routes.read", mode);
  if (!plan) return null;
  const version = plan.rules_version === null ? null : String(plan.rules_version);
  return (
    <Fold title={t.routing}>
      <Facts
        of={[
          [t.decidedBy, plan.rule ?? t.noRule],
          [
            t.version,
            version && may ? (
              <Link key="version" to="/$mode/routing/$version" params={{ mode, version }}>
                {version}
              </Link>
            ) : (
              (version ?? t.noVersion)
            ),
          ],
          [t.draw, plan.draw?.toLocaleString(locale, { maximumFractionDigits: 4 })],
          [t.planned, plan.attempts.map((one, at) => `${at + 1}. ${one.psp} · ${one.psp_account}`).join(", ")],
          ...plan.skipped.map((one) => [t.skippedOne(`${one.psp} · ${one.psp_account}`), SKIPS[language][one.reason]] as const),
        ]}
      />
    </Fold>
  );
}
