// Filters of one value each, and what they have in common: they are in the address.

import { useNavigate } from "@tanstack/react-router";
import { useTexts } from "../language/language";
import { Choice, Field } from "./field";
import { Filter } from "./filter";
import { PARTS } from "./texts";

/** The filters of an address that have their form; what has not does not filter. */
export function filtersOf<N extends string>(
  search: Readonly<Record<string, unknown>>,
  forms: Readonly<Record<N, RegExp>>,
): { readonly [K in N]?: string } {
  const known = Object.entries<RegExp>(forms).flatMap(([name, form]) => {
    const value = search[name];
    return typeof value === "string" && form.test(value) ? [[name, value]] : [];
  });
  return Object.fromEntries(known);
}

/** The form of one of some values. */
export function oneOf(values: Readonly<Record<string, string>>): RegExp {
  return new RegExp(`^(${Object.keys(values).map((value) => value.replaceAll(".", "\\.")).join("|")})$`);
}

/** Changes filters of the address; an empty value takes one away. */
export function useSetFilters<F extends object>(filters: F): (changed: Partial<Record<keyof F, string>>) => void {
  const navigate = useNavigate();
  return (changed) => {
    const kept = Object.entries({ ...filters, ...changed }).filter(([, value]) => value);
    void navigate({ to: ".", search: Object.fromEntries(kept) as never });
  };
}

interface OneFilterProps {
  readonly name: string;
  readonly value: string | undefined;
  readonly set: (value: string) => void;
}

/** One of some values. */
export function ChoiceFilter({ name, value = "", names, set }: OneFilterProps & { readonly names: Readonly<Record<string, string>> }) {
  const t = useTexts(PARTS);
  const options = Object.entries(names).map(([one, shown]) => ({ value: one, name: shown }));
  return (
    <Filter
      name={name}
      shown={names[value] ?? null}
      value={value}
      fields={(draft, change) => <Choice label={name} value={draft} all={t.all} options={options} choose={change} />}
      set={set}
      clear={() => set("")}
    />
  );
}

/** A text that is looked for as it is; what has not its form is a flaw. */
export function TextFilter({ name, value = "", hint, set, inputMode }: OneFilterProps & { readonly hint?: string; readonly inputMode?: "numeric" }) {
  return (
    <Filter
      name={name}
      shown={value || null}
      value={value}
      fields={(draft, change) => (
        <Field label={name} hint={hint}>
          {(ids) => <input className="input" autoComplete="off" inputMode={inputMode} {...ids} value={draft} onChange={(event) => change(event.target.value)} />}
        </Field>
      )}
      set={(draft) => set(draft.trim())}
      clear={() => set("")}
    />
  );
}
