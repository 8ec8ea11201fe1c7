// What exactly a proposal is to do, in words: a second person approves what is read here.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Proposal } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { MerchantLink } from "../../parts/merchant";
import { Facts } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { FIELDS, PROPOSALS, VALUES } from "./texts";

/** The amount stands in the head of the proposal, and its mode is that of the page. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(["amount_minor", "entries", "livemode", "text"]);

/** What a person reads first; the other fields follow as the act has them. */
const FIRST = [
  ...["charge", "merchant_id", "plan_currency", "basis_points", "fixed_minor", "list", "change"],
  ...["report_type", "psp_event", "psp", "psp_account", "name", "username", "subject", "before", "roles", "groups"],
];

/** What is booked for these is the difference of a break; what the limits count is another amount. */
const OF_A_BREAK: ReadonlySet<Proposal["kind"]> = new Set<Proposal["kind"]>(["adjustment", "write_off"]);

/** The fields of which the values have names. */
const NAMED: ReadonlySet<string> = new Set(["change", "kind", "state"]);

export function ActFacts({ proposal }: { proposal: Proposal }) {
  const t = useTexts(PROPOSALS);
  const { language, locale } = useLanguage();
  const mode = useModeOfPage();
  const act = proposal.act as Readonly<Record<string, unknown>>;
  const shown = (name: string, value: unknown): ReactNode => {
    if (name === "charge" && typeof value === "string") {
      return (
        <Link key={name} to="/$mode/charges/$chargeId" params={{ mode, chargeId: value }} className="code">
          {value}
        </Link>
      );
    }
    if (name === "break_id") {
      return (
        <Link key={name} to="/$mode/breaks/$breakId" params={{ mode, breakId: String(value) }}>
          {String(value)}
        </Link>
      );
    }
    if (name === "merchant_id" && typeof value === "string") {
      return (
        <>
          <div>
            <MerchantLink id={value} />
          </div>
          <div className="code quiet small">{value}</div>
        </>
      );
    }
    if (name === "job" && proposal.kind === "webhook_discard") {
      return (
        <Link to="/$mode/dead_letters/$letterId" params={{ mode, letterId: proposal.object_id }}>
          {textOf(value)}
        </Link>
      );
    }
    if (name === "version" && proposal.kind === "risk_rules") {
      return (
        <Link to="/$mode/risk_rules/$version" params={{ mode, version: textOf(value) }}>
          {textOf(value)}
        </Link>
      );
    }
    if (name === "account" && isAccount(value)) return `${value.psp} · ${value.psp_account} · ${value.currency.toUpperCase()}`;
    if ((name === "held_at" || name === "created_at") && typeof value === "string") return <Time at={value} precision="second" />;
    if (name === "list" && typeof value === "string") {
      return (
        <Link key={name} to="/$mode/risk_lists/$name" params={{ mode, name: value }}>
          {value}
        </Link>
      );
    }
    if (name === "basis_points" && typeof value === "number") {
      return (value / 10_000).toLocaleString(locale, { style: "percent", maximumFractionDigits: 2 });
    }
    if (name === "fixed_minor" && typeof value === "number") return formatAmount(value, String(act["plan_currency"]), locale);
    if (name === "replaces_plan" && value === 0) return "—";
    if (name === "plan_currency") return String(value).toUpperCase();
    if (NAMED.has(name) && typeof value === "string" && Object.hasOwn(VALUES[language], value)) return VALUES[language][value as keyof (typeof VALUES)["en"]];
    return textOf(value);
  };
  const facts = Object.entries(act)
    .filter(([name]) => !SHOWN_ELSEWHERE.has(name))
    .sort(([one], [other]) => placeOf(one) - placeOf(other))
    .map(([name, value]) => [Object.hasOwn(FIELDS[language], name) ? FIELDS[language][name as keyof (typeof FIELDS)["en"]] : name, shown(name, value)] as const);
  const difference = act["amount_minor"];
  const { amount_minor: counted, currency } = proposal;
  const amounts =
    OF_A_BREAK.has(proposal.kind) && typeof difference === "number" && counted !== null && currency !== null
      ? ([
          [t.difference, formatAmount(difference, currency, locale)],
          [t.counted, `${formatAmount(counted, currency, locale)} (${t.countedHow})`],
        ] as const)
      : [];
  return (
    <>
      {facts.length + amounts.length > 0 && <Facts of={[...facts, ...amounts]} />}
      {proposal.kind === "routing_rules" && <Whole proposal={proposal} title={t.rules} textOfAct={(whole) => String(whole["text"] ?? "")} />}
      {proposal.kind === "risk_list_entries" && <Whole proposal={proposal} title={t.entries} textOfAct={(whole) => entriesText(whole["entries"], t)} />}
    </>
  );
}

function placeOf(name: string): number {
  const place = FIRST.indexOf(name);
  return place < 0 ? FIRST.length : place;
}

function isAccount(value: unknown): value is { readonly psp: string; readonly psp_account: string; readonly currency: string } {
  return typeof value === "object" && value !== null && "psp" in value && "psp_account" in value && "currency" in value;
}

/** What tells a proposal from others of its kind, in words where its object has a name. */
export function useObjectOf(): (proposal: Proposal) => string {
  const t = useTexts(PROPOSALS);
  return ({ kind, object_id: id, act: fields }) => {
    const act = fields as Readonly<Record<string, unknown>>;
    switch (kind) {
      case "routing_rules":
        return "";
      case "risk_rules":
        return `${t.version} ${textOf(act["version"])}`;
      case "risk_list_entries":
        return textOf(act["list"]);
      case "webhook_discard":
        return textOf(act["psp_event"]);
      case "adjustment":
      case "write_off":
        return `${t.break} ${id}`;
      case "staff_roles":
        return textOf(act["username"]);
      default:
        return id;
    }
  };
}

/** A field of any form in one line. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(", ") || "—";
  if (typeof value === "object" && value !== null) return Object.values(value).map(textOf).join(" ");
  return value === null || value === "" ? "—" : String(value);
}

interface EntryWords {
  readonly forMerchant: (merchant: string) => string;
  readonly endsAt: (moment: string) => string;
}

/** The entries of a list, one in a line. */
function entriesText(entries: unknown, t: EntryWords): string {
  if (!Array.isArray(entries)) return "";
  return (entries as readonly { value: string; merchant_id: string | null; expires_at: string | null }[])
    .map(({ value, merchant_id, expires_at }) =>
      [value, ...(merchant_id ? [t.forMerchant(merchant_id)] : []), ...(expires_at ? [t.endsAt(expires_at)] : [])].join(" · "),
    )
    .join("\n");
}

interface WholeProps {
  readonly proposal: Proposal;
  readonly title: string;
  readonly textOfAct: (act: Readonly<Record<string, unknown>>) => string;
}

/** What is to be done in full: a list of proposals leaves long texts out. */
function Whole({ proposal, title, textOfAct }: WholeProps) {
  const api = useApi();
  const [isOpen, setIsOpen] = useState(false);
  const query = useQuery({
    queryKey: ["proposal", proposal.id],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/proposals/{proposal_id}", { params: { path: { proposal_id: proposal.id } }, signal })),
    enabled: isOpen,
  });
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && (
        <Loaded query={query}>
          {({ act }) => (
            <pre className="code" tabIndex={0}>
              {textOfAct(act as Readonly<Record<string, unknown>>)}
            </pre>
          )}
        </Loaded>
      )}
    </details>
  );
}
