import { useState } from "react";
import { useLanguage, useTexts } from "../../language/language";
import { decimalOf, formatAmount, parseAmount } from "../../money/amounts";
import { Choice, Field } from "../../parts/field";
import { Filter, Ticks, Toggle } from "../../parts/filter";
import { PeriodFilter } from "../../parts/period_filter";
import { PARTS } from "../../parts/texts";
import { isFiltered, statusesOf, type AddressFilters, type PersonalFilters } from "./filters";
import { BRAND_NAMES } from "./payment_method";
import { STATES, STATUSES } from "./statuses";
import { CHARGES } from "./texts";

const CURRENCIES = ["eur", "usd", "gbp", "chf", "jpy", "aud", "cad", "dkk", "nok", "pln", "sek", "czk", "huf"] as const;

interface ChargeFiltersProps {
  readonly filters: AddressFilters;
  readonly personal: PersonalFilters;
  readonly set: (filters: AddressFilters, personal?: PersonalFilters) => void;
}

/** The chips above the list. */
export function ChargeFilters({ filters, personal, set }: ChargeFiltersProps) {
  const t = useTexts(CHARGES);
  const { language } = useLanguage();
  const without = (...names: (keyof AddressFilters)[]): AddressFilters =>
    Object.fromEntries(Object.entries(filters).filter(([name]) => !names.includes(name as keyof AddressFilters)));
  const statuses = statusesOf(filters);
  return (
    <div className="chips" role="group">
      <Filter
        name={t.status}
        shown={statuses.length > 0 ? statuses.map((status) => STATES[language][status]).join(", ") : null}
        value={statuses}
        fields={(value, change) => <Ticks values={STATUSES} names={STATES[language]} ticked={value} tick={change} />}
        set={(value) => set({ ...without("status"), ...(value.length > 0 ? { status: value.join(",") } : {}) })}
        clear={() => set(without("status"))}
      />
      <AmountFilter filters={filters} without={without} set={set} />
      <DayFilter filters={filters} without={without} set={set} />
      <CardFilter filters={filters} personal={personal} without={without} set={set} />
      <Filter
        name={t.email}
        shown={personal.email ?? null}
        value={personal.email ?? ""}
        fields={(value, change) => (
          <Field label={t.email} hint={t.emailHint}>
            {(ids) => <input className="input" type="email" {...ids} value={value} onChange={(event) => change(event.target.value)} />}
          </Field>
        )}
        set={(value) => {
          const { email: _, ...rest } = personal;
          set(filters, value.trim() ? { ...rest, email: value.trim() } : rest);
        }}
        clear={() => {
          const { email: _, ...rest } = personal;
          set(filters, rest);
        }}
      />
      <Toggle name={t.disputed} isOn={filters.disputed === "true"} set={(isOn) => set({ ...without("disputed"), ...(isOn ? { disputed: "true" } : {}) })} />
      <Toggle name={t.unknown} isOn={filters.unknown === "true"} set={(isOn) => set({ ...without("unknown"), ...(isOn ? { unknown: "true" } : {}) })} />
      <Toggle name={t.review} isOn={filters.review === "open"} set={(isOn) => set({ ...without("review"), ...(isOn ? { review: "open" } : {}) })} />
      {filters.merchant && <Toggle name={`${t.merchant}: ${filters.merchant}`} isOn set={() => set(without("merchant"))} />}
      {filters.psp && <Toggle name={`${t.psp}: ${filters.psp}`} isOn set={() => set(without("psp", "account"))} />}
      {filters.account && <Toggle name={`${t.account}: ${filters.account}`} isOn set={() => set(without("account"))} />}
      {isFiltered(filters, personal) && (
        <button type="button" className="button" data-kind="plain" onClick={() => set({}, {})}>
          {t.clearAll}
        </button>
      )}
    </div>
  );
}

interface OneFilterProps extends Omit<ChargeFiltersProps, "personal"> {
  readonly without: (...names: (keyof AddressFilters)[]) => AddressFilters;
}

function AmountFilter({ filters, without, set }: OneFilterProps) {
  const t = useTexts(CHARGES);
  const parts = useTexts(PARTS);
  const { locale } = useLanguage();
  const [flaw, setFlaw] = useState<string | null>(null);
  const { currency = "", amount_from: from, amount_to: to } = filters;
  const written = (minor: string | undefined) => (minor && currency ? decimalOf(BigInt(minor), currency) : "");
  const shown = (minor: string | undefined) => (minor ? formatAmount(BigInt(minor), currency, locale) : "");
  const range = from || to ? (from === to ? shown(from) : `${shown(from)} – ${shown(to)}`) : currency.toUpperCase();
  return (
    <Filter
      name={t.amount}
      shown={range || null}
      value={{ currency, from: written(from), to: written(to) }}
      fields={(value, change) => (
        <>
          <Choice label={t.currency} value={value.currency} all={t.anyCurrency} options={CURRENCIES.map((code) => ({ value: code, name: code.toUpperCase() }))} choose={(chosen) => change({ ...value, currency: chosen })} />
          <Field label={parts.from}>
            {(ids) => <input className="input" inputMode="decimal" {...ids} value={value.from} onChange={(event) => change({ ...value, from: event.target.value })} />}
          </Field>
          <Field label={parts.until} flaw={flaw}>
            {(ids) => <input className="input" inputMode="decimal" {...ids} value={value.to} onChange={(event) => change({ ...value, to: event.target.value })} />}
          </Field>
        </>
      )}
      set={(value) => {
        const amounts: { amount_from?: string; amount_to?: string } = {};
        for (const [name, text] of [["amount_from", value.from], ["amount_to", value.to]] as const) {
          if (text.trim() === "") continue;
          if (!value.currency) return setFlaw(t.amountNeedsCurrency), false;
          const parsed = parseAmount(text, value.currency);
          if ("flaw" in parsed) return setFlaw(t.amountFlaw), false;
          amounts[name] = String(parsed.amountMinor);
        }
        setFlaw(null);
        set({ ...without("currency", "amount_from", "amount_to"), ...amounts, ...(value.currency ? { currency: value.currency } : {}) });
        return true;
      }}
      clear={() => {
        setFlaw(null);
        set(without("currency", "amount_from", "amount_to"));
      }}
    />
  );
}

function DayFilter({ filters, without, set }: OneFilterProps) {
  const t = useTexts(CHARGES);
  return (
    <PeriodFilter
      name={t.created}
      from={filters.from ?? ""}
      until={filters.until ?? ""}
      set={({ from, until }) => set({ ...without("from", "until"), ...(from ? { from } : {}), ...(until ? { until } : {}) })}
    />
  );
}

function CardFilter({ filters, personal, without, set }: OneFilterProps & { readonly personal: PersonalFilters }) {
  const t = useTexts(CHARGES);
  const [flaw, setFlaw] = useState<string | null>(null);
  const { last4: before, ...others } = personal;
  const brand = filters.brand ?? "";
  const name = BRAND_NAMES.find(([value]) => value === brand)?.[1] ?? brand;
  return (
    <Filter
      name={t.card}
      shown={[name, before ? `•••• ${before}` : ""].filter(Boolean).join(" ") || null}
      value={{ brand, last4: before ?? "" }}
      fields={(value, change) => (
        <>
          <Field label={t.last4} flaw={flaw}>
            {(ids) => <input className="input" inputMode="numeric" maxLength={4} autoComplete="off" {...ids} value={value.last4} onChange={(event) => change({ ...value, last4: event.target.value })} />}
          </Field>
          <Choice label={t.brand} value={value.brand} all={t.anyCurrency} options={BRAND_NAMES.map(([one, shown]) => ({ value: one, name: shown }))} choose={(chosen) => change({ ...value, brand: chosen })} />
        </>
      )}
      set={(value) => {
        if (value.last4 && !/^[0-9]{4}$/.test(value.last4)) return setFlaw(t.last4Flaw), false;
        setFlaw(null);
        set({ ...without("brand"), ...(value.brand ? { brand: value.brand } : {}) }, value.last4 ? { ...others, last4: value.last4 } : others);
        return true;
      }}
      clear={() => {
        setFlaw(null);
        set(without("brand"), others);
      }}
    />
  );
}
