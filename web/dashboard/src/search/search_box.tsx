// One box for anything that a customer can say. What is typed stays in the memory of the page and in the body of the request.

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { answerOf, useApi } from "../api/client";
import type { SearchGroup } from "../api/types";
import { useLanguage, useTexts } from "../language/language";
import { Money } from "../parts/money";
import { Status } from "../parts/status";
import { Time } from "../parts/time";
import { PaymentMethod } from "../screens/charges/payment_method";
import { STATES, stateOf, TONES } from "../screens/charges/statuses";
import type { Mode } from "../session/permission";
import { MATCHED, SEARCH } from "./texts";

const PAUSE_MILLISECONDS = 250;
const CHARACTERS_MIN = 2;
const CHARACTERS_MAX = 200;

type Hit = SearchGroup["hits"][number];

/** A line of the results that can be chosen: a hit, or all charges of a group. */
type Choice = { readonly key: string; readonly group: SearchGroup; readonly hit: Hit | null };

export function SearchBox({ mode }: { mode: Mode }) {
  const t = useTexts(SEARCH);
  const { language } = useLanguage();
  const api = useApi();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setChosen] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const asked = useSettled(text.trim());
  const isAsked = asked.length >= CHARACTERS_MIN;
  const query = useQuery({
    queryKey: ["search", mode, asked],
    queryFn: ({ signal }) => answerOf(api.POST("/staff/v1/searches", { body: { mode, query: asked }, signal })),
    enabled: isAsked && isOpen,
    gcTime: 0,
    placeholderData: (before) => before,
  });
  const groups = isAsked ? (query.data?.groups ?? []) : [];
  const choices = groups.flatMap((group): Choice[] => [
    ...group.hits.map((hit) => ({ key: `${group.matched}-${hit.id}`, group, hit })),
    ...(group.has_more && isListed(group) ? [{ key: `${group.matched}-all`, group, hit: null }] : []),
  ]);
  useEffect(() => setChosen(0), [asked]);

  const close = () => {
    setIsOpen(false);
    field.current?.blur();
  };
  const go = ({ group, hit }: Choice) => {
    close();
    setText("");
    if (hit === null) {
      void navigate({ to: "/$mode/charges", params: { mode }, state: { personal: { [group.matched]: asked } } });
    } else if (hit.charge) {
      void navigate({ to: "/$mode/charges/$chargeId", params: { mode, chargeId: hit.charge.id } });
    }
  };
  const pressed = (event: KeyboardEvent) => {
    const move = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (move !== 0 && choices.length > 0) {
      event.preventDefault();
      setChosen((chosen + move + choices.length) % choices.length);
    } else if (event.key === "Enter") {
      const choice = choices[chosen];
      if (choice && !query.isPlaceholderData) go(choice);
    } else if (event.key === "Escape") {
      close();
    }
  };
  const isShown = isOpen && isAsked && (query.data !== undefined || query.isError);
  return (
    <div className="search" role="search" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setIsOpen(false)}>
      <input
        id="search"
        ref={field}
        type="search"
        className="input"
        role="combobox"
        aria-label={t.label}
        aria-expanded={isShown}
        aria-controls="search-results"
        aria-autocomplete="list"
        aria-activedescendant={isShown && choices[chosen] ? `search-${choices[chosen].key}` : undefined}
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        maxLength={CHARACTERS_MAX}
        placeholder={t.hint}
        value={text}
        onFocus={() => setIsOpen(true)}
        onChange={(event) => {
          setText(event.target.value);
          setIsOpen(true);
        }}
        onKeyDown={pressed}
      />
      <kbd aria-hidden="true" className="only-wide">
        /
      </kbd>
      {isShown && (
        <div className="search-results" id="search-results" role={choices.length > 0 ? "listbox" : "status"} aria-label={t.results}>
          {(query.isError || groups.length === 0) && (
            <div className="search-none">
              <strong>{query.isError ? t.failed : t.nothing}</strong>
              <span className="quiet small">{query.isError ? query.error.message : t.nothingWhy}</span>
            </div>
          )}
          {groups.map((group) => (
            <div role="group" key={group.matched} aria-label={MATCHED[language][group.matched]}>
              <div className="search-head" role="presentation">
                {MATCHED[language][group.matched]}
                {group.is_prefix && ` · ${t.beginning}`}
                {group.hits.length === 0 && group.has_more && ` · ${t.unfinished}`}
              </div>
              {choices
                .filter((choice) => choice.group === group)
                .map((choice) => (
                  <div
                    key={choice.key}
                    id={`search-${choice.key}`}
                    className="search-hit"
                    role="option"
                    aria-selected={choices[chosen] === choice}
                    onMouseMove={() => setChosen(choices.indexOf(choice))}
                    onMouseDown={(event) => event.preventDefault()}
                    onClick={() => go(choice)}
                  >
                    {choice.hit ? <HitLine hit={choice.hit} /> : <strong>{t.all}</strong>}
                  </div>
                ))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function HitLine({ hit }: { hit: Hit }) {
  const t = useTexts(SEARCH);
  const { language } = useLanguage();
  const { charge } = hit;
  if (!charge) {
    return (
      <span>
        {t[hit.object]} <span className="code">{hit.id}</span>
      </span>
    );
  }
  const state = stateOf(charge);
  return (
    <>
      <span className="strong nowrap">
        {hit.object !== "charge" && <span className="quiet">{t[hit.object]} </span>}
        <Money amountMinor={charge.amount_minor} currency={charge.currency} />
      </span>
      <Status tone={TONES[state]}>{STATES[language][state]}</Status>
      <span className="clipped quiet small">
        <PaymentMethod of={charge} /> {charge.customer_email ?? charge.description ?? charge.id}
      </span>
      <span className="quiet small">
        <Time at={charge.created_at} />
      </span>
    </>
  );
}

/** Whether the list of charges has a filter for what a group found. */
function isListed(group: SearchGroup): boolean {
  return group.matched === "email" || group.matched === "last4";
}

/** A text once it has not changed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
