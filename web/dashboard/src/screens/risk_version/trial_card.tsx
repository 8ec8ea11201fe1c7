import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { RiskBackTest, RiskRules } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Field } from "../../parts/field";
import { Card } from "../../parts/page";
import { useModeOfPage } from "../../session/mode";
import { ACTIONS, RESULTS, RISK_RULES } from "../risk_rules/texts";

const CHARGES_MAX = 2_000;
const NAMED_MAX = 20;

/** What the version would have done with charges of the past, or what it said of them in shadow. */
export function TrialCard({ found }: { found: RiskRules }) {
  const t = useTexts(RISK_RULES);
  const api = useApi();
  const mode = useModeOfPage();
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const trial = useMutation({
    mutationFn: (kind: "back_test" | "comparison") => {
      const body = { version: found.version, text: null, since: since || null, until: until || null, merchant: null, mode, charges_max: CHARGES_MAX, named_max: NAMED_MAX };
      return kind === "back_test"
        ? answerOf(api.POST("/staff/v1/risk_rules/back_tests", { body }))
        : answerOf(api.POST("/staff/v1/risk_rules/comparisons", { body }));
    },
  });
  return (
    <Card title={t.trial}>
      <p className="quiet">{t.trialWhy}</p>
      <div className="inline-form">
        <Field label={t.since}>{(ids) => <input className="input" type="date" {...ids} value={since} onChange={(event) => setSince(event.target.value)} />}</Field>
        <Field label={t.untilDay}>{(ids) => <input className="input" type="date" {...ids} value={until} onChange={(event) => setUntil(event.target.value)} />}</Field>
        <div className="buttons">
          <button type="button" className="button" disabled={trial.isPending} onClick={() => trial.mutate("back_test")}>
            {t.backTest}
          </button>
          {found.state === "shadow" && (
            <button type="button" className="button" disabled={trial.isPending} onClick={() => trial.mutate("comparison")}>
              {t.comparison}
            </button>
          )}
        </div>
      </div>
      <div role="status">
        {trial.isPending && <p className="quiet">{t.trying}</p>}
        {trial.error && <p className="flaw">{trial.error.message}</p>}
        {trial.data && <Trial report={trial.data} />}
      </div>
    </Card>
  );
}

function Trial({ report }: { report: RiskBackTest }) {
  const t = useTexts(RISK_RULES);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const resultsOf = (results: RiskBackTest["decisions"][number]["results"]) => results.map((one) => `${one.charges.toLocaleString(locale)} ${RESULTS[language][one.result]}`).join(", ");
  return (
    <>
      <p>
        {t.looked(report.charges)}. {report.is_cut_off && t.cutOff}
      </p>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.decision}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.decision}</th>
              <th className="number">{t.charges}</th>
              <th>{t.results}</th>
            </tr>
          </thead>
          <tbody>
            {report.decisions.map((one) => (
              <tr key={one.decision}>
                <td>{ACTIONS[language][one.decision]}</td>
                <td className="number">{one.results.reduce((sum, { charges }) => sum + charges, 0).toLocaleString(locale)}</td>
                <td>{resultsOf(one.results)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label={t.rule}>
        <table className="table">
          <thead>
            <tr>
              <th>{t.rule}</th>
              <th className="number">{t.hits}</th>
              <th className="number">{t.decided}</th>
              <th className="number">{t.errors}</th>
              <th>{t.results}</th>
            </tr>
          </thead>
          <tbody>
            {report.rules.map((rule) => (
              <tr key={rule.name}>
                <td>{rule.name}</td>
                <td className="number">{rule.hits.toLocaleString(locale)}</td>
                <td className="number">{rule.decided.toLocaleString(locale)}</td>
                <td className="number" title={rule.first_error ?? undefined}>
                  {rule.errors.toLocaleString(locale)}
                </td>
                <td>{resultsOf(rule.results)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>{t.differences}</h3>
      {report.differences.length === 0 ? (
        <p className="quiet">{t.noDifferences}</p>
      ) : (
        <ul className="lines">
          {report.differences.map((one) => (
            <li key={one.charge}>
              <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: one.charge }} className="code">
                {one.charge}
              </Link>
              <span>
                {t.thenNow([one.then, one.then_rule].filter(Boolean).join(" · "), [ACTIONS[language][one.now], one.now_rule].filter(Boolean).join(" · "))} · {RESULTS[language][one.result]}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
