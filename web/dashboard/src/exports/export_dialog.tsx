// The dialog of every export: what exactly will be in the file, a reason, and at the end whether the file is whole and equals the ledger.

import { useState, type FormEvent } from "react";
import { ApiProblem } from "../api/problem";
import { useLanguage, useTexts } from "../language/language";
import { formatAmount } from "../money/amounts";
import { REASON_CHARACTERS_MAX } from "../parts/act_dialog";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { Facts } from "../parts/page";
import { PARTS } from "../parts/texts";
import { useModeOfPage } from "../session/mode";
import type { Summary } from "./csv_reader";
import type { ExportProps } from "./export_button";
import { COLUMNS, CONTENTS, EXPORT, EXPORTING, TITLES } from "./texts";
import { totalsOf } from "./totals";
import { useExport } from "./use_export";

const zoneOfBrowser = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function ExportDialog({ name, filters, ask, hasTimes = true, close }: ExportProps & { readonly close: () => void }) {
  const t = useTexts(EXPORTING);
  const parts = useTexts(PARTS);
  const { button } = useTexts(EXPORT);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const [reason, setReason] = useState("");
  const [zone] = useState(zoneOfBrowser);
  const [withZone, setWithZone] = useState(hasTimes && zone !== "UTC");
  const [isTried, setIsTried] = useState(false);
  const [fileName] = useState(() => `${name}-${mode}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}Z.csv`);
  const { exporting, begin, stop } = useExport(ask, fileName);
  const isMissing = reason.trim() === "";
  if (exporting.state === "done") {
    return (
      <Dialog title={TITLES[language][name]} size="wide" close={close}>
        <Done summary={exporting.summary} fileName={exporting.fileName} />
        <div className="buttons">
          <button type="button" className="button" data-kind="primary" onClick={close}>
            {t.close}
          </button>
        </div>
      </Dialog>
    );
  }
  const { state } = exporting;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (state === "receiving" || isMissing) return;
    void begin({ reason: reason.trim(), time_zone: withZone ? zone : null });
  };
  const shownFilters = filters.length === 0 ? t.noFilters : filters.map(([filter, value]) => (value ? `${filter}: ${value}` : filter)).join(" · ");
  return (
    // While it receives, only its own button stops it: a click beside it, or one too many, loses nothing.
    <Dialog title={TITLES[language][name]} close={() => state !== "receiving" && close()}>
      <form onSubmit={submit} noValidate>
        <div className="preview">
          <Facts
            of={[
              [t.what, CONTENTS[language][name]],
              [t.mode, mode === "live" ? <strong key="live">{t.live}</strong> : t.test],
              [t.filters, shownFilters],
              [t.times, hasTimes ? (withZone ? t.utcAnd(zone) : t.utc) : null],
            ]}
          />
          <p className="quiet small">{t.audited}</p>
        </div>
        <fieldset className="form" disabled={state !== "ready"}>
          {hasTimes && zone !== "UTC" && (
            <label className="check">
              <input type="checkbox" checked={withZone} onChange={(event) => setWithZone(event.target.checked)} />
              {t.withZone(zone)}
            </label>
          )}
          <Field label={parts.reason} hint={parts.reasonHint} flaw={isTried && isMissing ? parts.reasonMissing : null}>
            {(ids) => <textarea className="input" {...ids} required maxLength={REASON_CHARACTERS_MAX} value={reason} onChange={(event) => setReason(event.target.value)} />}
          </Field>
        </fieldset>
        {exporting.state === "ready" && exporting.problem && (
          <div className="banner" data-tone="bad" role="alert">
            <strong>{parts.refused}</strong>
            <span>{exporting.problem.message}</span>
            {exporting.problem instanceof ApiProblem && exporting.problem.requestId && <span className="small code">{parts.request(exporting.problem.requestId)}</span>}
          </div>
        )}
        {state === "broken" && (
          <div className="banner" data-tone="bad" role="alert">
            <strong>{t.broken}</strong>
            <span>{t.brokenWhy}</span>
          </div>
        )}
        <div className="quiet small" role="status">
          {exporting.state === "receiving" &&
            (exporting.progress.bytes === 0
              ? t.beginning
              : t.receiving(exporting.progress.rows.toLocaleString(locale), (exporting.progress.bytes / 1_000_000).toLocaleString(locale, { maximumFractionDigits: 1 })))}
        </div>
        <div className="buttons">
          {state === "receiving" ? (
            <button type="button" className="button" onClick={stop}>
              {t.stop}
            </button>
          ) : (
            <button type="button" className="button" onClick={close}>
              {parts.cancel}
            </button>
          )}
          <button type="submit" className="button" data-kind="primary" aria-disabled={state === "receiving"}>
            {state === "broken" ? t.again : button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the file came to, beside what the ledger has. */
function Done({ summary, fileName }: { summary: Summary; fileName: string }) {
  const t = useTexts(EXPORTING);
  const { language, locale } = useLanguage();
  const totals = totalsOf(summary);
  const compared = totals.filter((total) => total.differenceMinor !== null);
  const differs = compared.some((total) => total.differenceMinor !== 0n);
  const money = (minor: bigint, currency: string) => <span className="nowrap">{formatAmount(minor, currency, locale)}</span>;
  return (
    <>
      <div role="status">
        <p className="strong">{t.done}</p>
        <p>
          {t.rows(summary.rows.toLocaleString(locale))} <span className="code">{fileName}</span>
        </p>
      </div>
      {totals.length === 0 ? (
        <p className="quiet">{t.noAmounts}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="group" aria-label={t.amount}>
          <table className="table">
            <thead>
              <tr>
                <th>{t.amount}</th>
                <th className="number">{t.inFile}</th>
                <th className="number">{t.ledger}</th>
                <th className="number">{t.difference}</th>
              </tr>
            </thead>
            <tbody>
              {totals.map(({ currency, column, amountMinor, ledgerMinor, differenceMinor }) => (
                <tr key={`${currency} ${column}`}>
                  <td>
                    {COLUMNS[language][column] ?? column} <span className="quiet">{currency.toUpperCase()}</span>
                  </td>
                  <td className="number">{money(amountMinor, currency)}</td>
                  <td className="number">{ledgerMinor === null ? <span className="quiet">{t.notCompared}</span> : money(ledgerMinor, currency)}</td>
                  <td className="number strong">{differenceMinor === null ? "" : money(differenceMinor, currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {compared.length > 0 &&
        (differs ? (
          <div className="banner" data-tone="warn" role="alert">
            {t.differs}
          </div>
        ) : (
          <div className="banner" data-tone="good">{t.ties}</div>
        ))}
    </>
  );
}
