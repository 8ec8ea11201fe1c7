import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { parseAmount } from "../../money/amounts";
import { Choice, Field } from "../../parts/field";
import { Card } from "../../parts/page";
import { useModeOfPage } from "../../session/mode";
import { ROUTING } from "./texts";

const METHODS = ["card", "paypal", "paypal_vault", "hosted_card", "kept_card"] as const;

/** Where a charge would go by the live rules, and why. Nothing is changed. */
export function SimulationCard() {
  const t = useTexts(ROUTING);
  const api = useApi();
  const mode = useModeOfPage();
  const [amount, setAmount] = useState("10.00");
  const [currency, setCurrency] = useState("eur");
  const [method, setMethod] = useState<(typeof METHODS)[number]>("card");
  const code = currency.trim().toLowerCase();
  const parsed = /^[a-z]{3}$/.test(code) ? parseAmount(amount, code) : null;
  const simulation = useMutation({
    mutationFn: (amountMinor: number) =>
      answerOf(
        api.POST("/staff/v1/routing_rules/simulations", {
          body: { mode, amount_minor: amountMinor, currency: code, payment_methods: [{ type: method, psp_account: null }], capture_method: "automatic", metadata: {}, key: "" },
        }),
      ),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parsed && "amountMinor" in parsed) simulation.mutate(parsed.amountMinor);
  };
  const found = simulation.data;
  return (
    <Card title={t.simulate}>
      <form className="inline-form" onSubmit={submit} noValidate>
        <Field label={t.amount} flaw={parsed && "amountMinor" in parsed ? null : t.amountFlaw}>
          {(ids) => <input className="input" inputMode="decimal" autoComplete="off" {...ids} value={amount} onChange={(event) => setAmount(event.target.value)} />}
        </Field>
        <Field label={t.currency}>
          {(ids) => <input className="input" maxLength={3} autoComplete="off" {...ids} value={currency} onChange={(event) => setCurrency(event.target.value)} />}
        </Field>
        <Choice
          label={t.method}
          value={method}
          options={METHODS.map((one) => ({ value: one, name: one }))}
          choose={(value) => setMethod(METHODS.find((one) => one === value) ?? "card")}
        />
        <div className="buttons">
          <button type="submit" className="button" data-kind="primary">
            {t.try}
          </button>
        </div>
      </form>
      <div role="status">
        {simulation.error && <p className="flaw">{simulation.error.message}</p>}
        {found && (
          <>
            <p>{found.rule === null ? t.byNoRule : t.byRule(found.rule)}</p>
            {found.refused !== null && <p>{t.refused([found.refused, found.refused_detail].filter(Boolean).join(": "))}</p>}
            {found.attempts.length > 0 && (
              <>
                <h3>{t.goes}</h3>
                <ol>
                  {found.attempts.map((one) => (
                    <li key={`${one.psp}/${one.psp_account}/${one.payment_method}`}>
                      {one.psp}/{one.psp_account} · {one.payment_method}
                    </li>
                  ))}
                </ol>
              </>
            )}
            {found.skipped.length > 0 && (
              <>
                <h3>{t.skipped}</h3>
                <ul className="lines">
                  {found.skipped.map((one) => (
                    <li key={`${one.psp}/${one.psp_account}/${one.reason}`}>
                      <span>
                        {one.psp}/{one.psp_account} <span className="quiet code">{one.reason}</span>
                      </span>
                    </li>
                  ))}
                </ul>
              </>
            )}
            {found.errors.map((error) => (
              <p className="flaw" key={error.rule}>
                {error.rule}: {error.reason}
              </p>
            ))}
          </>
        )}
      </div>
    </Card>
  );
}
