import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { answerOf, useApi } from "../../api/client";
import type { DayVerification } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Copy } from "../../parts/copy";
import { Field } from "../../parts/field";
import { Card, Facts, PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { sealedDayRoute } from "./route";
import { SEALED_DAY } from "./texts";

const HASH = /^[0-9a-f]{64}$/i;

/** A sealed day: whether everything of it is as it was sealed. */
export function SealedDayScreen() {
  const { day } = sealedDayRoute.useParams();
  return <Day key={day} day={day} />;
}

function Day({ day }: { day: string }) {
  const t = useTexts(SEALED_DAY);
  const mode = useModeOfPage();
  const [written, write] = useState("");
  const [asked, ask] = useState<{ readonly expected: string; readonly times: number } | null>(null);
  const [isTried, setIsTried] = useState(false);
  const expected = written.trim();
  const flaw = expected !== "" && !HASH.test(expected) ? t.expectedFlaw : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (flaw === null) ask((before) => ({ expected, times: (before?.times ?? 0) + 1 }));
  };
  return (
    <>
      <PageHead
        title={t.title(day)}
        lead={
          <Link to="/$mode/trial_balance" params={{ mode }} search={{ day }}>
            {t.trial}
          </Link>
        }
      />
      <Card title={t.verify}>
        <form className="form" onSubmit={submit} noValidate>
          <p>{t.verifyWhat}</p>
          <Field label={t.expected} hint={t.expectedHint} flaw={isTried ? flaw : null}>
            {(ids) => <input className="input code" autoComplete="off" spellCheck={false} {...ids} value={written} onChange={(event) => write(event.target.value)} />}
          </Field>
          <div className="buttons">
            <button type="submit" className="button" data-kind="primary">
              {t.ask}
            </button>
          </div>
        </form>
      </Card>
      {asked && <Result key={asked.times} day={day} expected={asked.expected} />}
    </>
  );
}

function Result({ day, expected }: { day: string; expected: string }) {
  const t = useTexts(SEALED_DAY);
  const api = useApi();
  const mode = useModeOfPage();
  const query = useQuery({
    queryKey: ["sealed_day", mode, day, expected],
    queryFn: ({ signal }) =>
      answerOf(api.GET("/staff/v1/sealed_days/{day}/verification", { params: { path: { day }, query: { mode, ...(expected ? { expected } : {}) } }, signal })),
    staleTime: 0,
    gcTime: 0,
  });
  return <Loaded query={query}>{(found) => <ResultCard found={found} hasYours={expected !== ""} title={t.result} />}</Loaded>;
}

function ResultCard({ found, hasYours, title }: { found: DayVerification; hasYours: boolean; title: string }) {
  const t = useTexts(SEALED_DAY);
  const { locale } = useLanguage();
  return (
    <Card title={title} aside={<Status tone={found.holds ? "good" : "bad"}>{found.holds ? t.holds : t.broken}</Status>}>
      <div role="status">
        {found.holds ? hasYours && <p>{t.withYours}</p> : <p className="strong">{t.tellOperators}</p>}
        <Facts
          of={[
            [t.entries, found.entries.toLocaleString(locale)],
            [t.postings, found.postings.toLocaleString(locale)],
            [t.hash, <Copy key="hash" text={found.manifest_hash} />],
          ]}
        />
      </div>
      {found.findings.length > 0 && (
        <div className="scroll" tabIndex={0} role="group" aria-label={t.what}>
          <table className="table">
            <thead>
              <tr>
                <th>{t.where}</th>
                <th>{t.what}</th>
              </tr>
            </thead>
            <tbody>
              {found.findings.map((finding) => (
                <tr key={`${finding.where} ${finding.what}`}>
                  <td className="code">{finding.where}</td>
                  <td>{finding.what}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
