import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { answerOf, useApi } from "../../api/client";
import { useTexts } from "../../language/language";
import { Field } from "../../parts/field";
import { Card } from "../../parts/page";
import { useModeOfPage } from "../../session/mode";
import { RISK_LISTS } from "./texts";

const VALUE_CHARACTERS_MAX = 320;

/** Which lists have a value. It may be a customer's, so it stays in the page and out of its address. */
export function SearchCard() {
  const t = useTexts(RISK_LISTS);
  const api = useApi();
  const mode = useModeOfPage();
  const [value, setValue] = useState("");
  const search = useMutation({ mutationFn: (looked: string) => answerOf(api.POST("/staff/v1/risk_lists/searches", { body: { value: looked } })) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (value.trim()) search.mutate(value.trim());
  };
  return (
    <Card title={t.find}>
      <form className="inline-form" onSubmit={submit} noValidate>
        <Field label={t.value}>
          {(ids) => <input className="input" maxLength={VALUE_CHARACTERS_MAX} autoComplete="off" {...ids} value={value} onChange={(event) => setValue(event.target.value)} />}
        </Field>
        <div className="buttons">
          <button type="submit" className="button" data-kind="primary">
            {t.search}
          </button>
        </div>
      </form>
      <div role="status">
        {search.error && <p className="flaw">{search.error.message}</p>}
        {search.data?.data.length === 0 && <p className="quiet">{t.notFound}</p>}
        <ul className="lines">
          {search.data?.data.map((entry) => (
            <li key={entry.id}>
              <Link to="/$mode/risk_lists/$name" params={{ mode, name: entry.list }}>
                {entry.list}
              </Link>
              <span>
                {entry.value} <span className="quiet small">· {entry.added_by} · {entry.reason}</span>
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
