import { useLanguage, useTexts } from "../language/language";
import { beginOf } from "../time/days";
import { formatTime } from "../time/times";
import { Field } from "./field";
import { Filter } from "./filter";
import { PARTS } from "./texts";

interface Period {
  readonly from?: string;
  readonly until?: string;
}

/** Days in the viewer's zone, both inclusive. */
export function PeriodFilter({ name, from = "", until = "", set }: Period & { readonly name: string; readonly set: (period: { from: string; until: string }) => void }) {
  const t = useTexts(PARTS);
  const { locale } = useLanguage();
  const shown = (day: string) => (day ? formatTime(beginOf(day, 0), locale, "day") : "");
  return (
    <Filter
      name={name}
      shown={from || until ? (from === until ? shown(from) : `${shown(from)} – ${shown(until)}`) : null}
      value={{ from, until }}
      fields={(value, change) => (
        <>
          <Field label={t.from}>{(ids) => <input className="input" type="date" {...ids} value={value.from} onChange={(event) => change({ ...value, from: event.target.value })} />}</Field>
          <Field label={t.until}>{(ids) => <input className="input" type="date" {...ids} value={value.until} onChange={(event) => change({ ...value, until: event.target.value })} />}</Field>
        </>
      )}
      set={set}
      clear={() => set({ from: "", until: "" })}
    />
  );
}
