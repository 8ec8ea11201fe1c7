// As of when the trial balance is: now, at a time, at the end of a sealed day, or after an entry.

import { useLanguage, useTexts } from "../../language/language";
import { Field } from "../../parts/field";
import { Filter, Toggle } from "../../parts/filter";
import { TextFilter, useSetFilters } from "../../parts/list_filters";
import { formatTime } from "../../time/times";
import { trialBalanceRoute } from "./route";
import { TRIAL } from "./texts";

const NO_MOMENT = { at: "", day: "", entry: "" };

export function MomentFilters() {
  const t = useTexts(TRIAL);
  const { locale } = useLanguage();
  const filters = trialBalanceRoute.useSearch();
  const set = useSetFilters(filters);
  const { at = "", day = "", entry = "" } = filters;
  return (
    <div className="chips" role="group">
      <Toggle name={t.now} isOn={!at && !day && !entry} set={() => set(NO_MOMENT)} />
      <Filter
        name={t.time}
        shown={at ? formatTime(at, locale) : null}
        value={at ? localOf(at) : ""}
        fields={(value, change) => (
          <Field label={t.time} hint={t.timeHint}>
            {(ids) => <input className="input" type="datetime-local" {...ids} value={value} onChange={(event) => change(event.target.value)} />}
          </Field>
        )}
        set={(value) => set({ ...NO_MOMENT, at: value ? new Date(value).toISOString() : "" })}
        clear={() => set(NO_MOMENT)}
      />
      <Filter
        name={t.day}
        shown={day || null}
        value={day}
        fields={(value, change) => (
          <Field label={t.day} hint={t.dayHint}>
            {(ids) => <input className="input" type="date" {...ids} value={value} onChange={(event) => change(event.target.value)} />}
          </Field>
        )}
        set={(value) => set({ ...NO_MOMENT, day: value })}
        clear={() => set(NO_MOMENT)}
      />
      {entry && <Toggle name={t.entry(entry)} isOn set={() => set(NO_MOMENT)} />}
      <TextFilter name={t.currency} hint={t.currencyHint} value={filters.currency} set={(value) => set({ currency: value.toLowerCase() })} />
    </div>
  );
}

/** A moment as a field of date and time takes it, in the viewer's zone: `2026-11-27T08:44`. */
function localOf(at: string): string {
  const moment = new Date(at);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
