// The filters of a list: chips that say what is set, each with a small form that opens below it.

import { useId, useRef, useState, type FormEvent, type ReactNode } from "react";
import { useTexts } from "../language/language";
import { PARTS } from "./texts";

interface FilterProps<V> {
  readonly name: string;
  /** What is set, in a few words; null for nothing. */
  readonly shown: string | null;
  readonly value: V;
  /** The form's fields for a value that is being changed. */
  readonly fields: (value: V, change: (value: V) => void) => ReactNode;
  /** Takes the value; false where a field has a flaw, which is shown beside it. */
  readonly set: (value: V) => boolean | void;
  readonly clear: () => void;
}

export function Filter<V>({ name, shown, value, fields, set, clear }: FilterProps<V>) {
  const t = useTexts(PARTS);
  const id = useId();
  const popover = useRef<HTMLDivElement>(null);
  const [draft, setDraft] = useState(value);
  const close = () => popover.current?.hidePopover();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (set(draft) !== false) close();
  };
  return (
    <>
      <button type="button" className="chip" data-set={shown !== null} popoverTarget={id}>
        {shown === null ? `+ ${name}` : `${name}: ${shown}`}
      </button>
      <div
        className="menu filter"
        id={id}
        popover="auto"
        ref={popover}
        role="dialog"
        aria-label={name}
        onBeforeToggle={(event) => event.newState === "open" && setDraft(value)}
        onToggle={(event) => event.newState === "open" && popover.current?.querySelector<HTMLElement>("input, select")?.focus()}
      >
        <form onSubmit={submit} noValidate>
          {fields(draft, setDraft)}
          <div className="buttons">
            <button type="button" className="button" onClick={() => (clear(), close())}>
              {t.clear}
            </button>
            <button type="submit" className="button" data-kind="primary">
              {t.apply}
            </button>
          </div>
        </form>
      </div>
    </>
  );
}

/** A filter that is on or off. */
export function Toggle({ name, isOn, set }: { name: string; isOn: boolean; set: (isOn: boolean) => void }) {
  return (
    <button type="button" className="chip" data-set={isOn} aria-pressed={isOn} onClick={() => set(!isOn)}>
      {isOn ? name : `+ ${name}`}
    </button>
  );
}

/** Several of some values, as boxes to tick. */
export function Ticks<V extends string>({ values, names, ticked, tick }: { values: readonly V[]; names: Readonly<Record<V, string>>; ticked: readonly V[]; tick: (ticked: readonly V[]) => void }) {
  return (
    <div className="ticks">
      {values.map((value) => (
        <label className="check" key={value}>
          <input
            type="checkbox"
            checked={ticked.includes(value)}
            onChange={(event) => tick(event.target.checked ? [...ticked, value] : ticked.filter((one) => one !== value))}
          />
          {names[value]}
        </label>
      ))}
    </div>
  );
}
