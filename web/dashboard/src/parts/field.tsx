import { useId, type ReactNode } from "react";

interface FieldIds {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": boolean | undefined;
}

/** A field with its label, a hint, and what is wrong with it; `children` get the attributes that tie them together. */
export function Field({ label, hint, flaw, children }: { label: string; hint?: ReactNode; flaw?: string | null | undefined; children: (ids: FieldIds) => ReactNode }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", flaw ? `${id}-flaw` : ""].filter(Boolean).join(" ") || undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": described, "aria-invalid": flaw ? true : undefined })}
      {hint && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {flaw && (
        <div className="flaw" id={`${id}-flaw`} role="alert">
          {flaw}
        </div>
      )}
    </div>
  );
}

interface Option {
  readonly value: string;
  readonly name: string;
}

/** One of some values; the empty value stands for all of them where `all` names it. */
export function Choice({ label, value, options, all, choose }: { label: string; value: string; options: readonly Option[]; all?: string; choose: (value: string) => void }) {
  return (
    <Field label={label}>
      {(ids) => (
        <select className="input" {...ids} value={value} onChange={(event) => choose(event.target.value)}>
          {all !== undefined && <option value="">{all}</option>}
          {options.map((option) => (
            <option value={option.value} key={option.value}>
              {option.name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
