// What exactly a proposal is to do, in words: a second person approves what is read here.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Proposal } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Facts } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { useModeOfPage } from "../../session/mode";
import { FIELDS, PROPOSALS } from "./texts";

/** The amount stands in the head of the proposal. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(["amount_minor", "text"]);

/** What is booked for these is the difference of a break; what the limits count is another amount. */
const OF_A_BREAK: ReadonlySet<Proposal["kind"]> = new Set<Proposal["kind"]>(["adjustment", "write_off"]);

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
        <Link key={name} to="/$mode/merchants/$merchantId" params={{ mode, merchantId: value }} className="code">
          {value}
        </Link>
      );
    }
    return textOf(value);
  };
  const facts = Object.entries(act)
    .filter(([name]) => !SHOWN_ELSEWHERE.has(name))
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
      {proposal.kind === "routing_rules" && <Rules proposal={proposal} />}
    </>
  );
}

/** A field of any form in one line. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(", ") || "—";
  if (typeof value === "object" && value !== null) return Object.values(value).map(textOf).join(" ");
  return value === null || value === "" ? "—" : String(value);
}

/** The text that is to be live: a list leaves a long one out. */
function Rules({ proposal }: { proposal: Proposal }) {
  const t = useTexts(PROPOSALS);
  const api = useApi();
  const [isOpen, setIsOpen] = useState(false);
  const query = useQuery({
    queryKey: ["proposal", proposal.id],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/proposals/{proposal_id}", { params: { path: { proposal_id: proposal.id } }, signal })),
    enabled: isOpen,
  });
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{t.rules}</summary>
      {isOpen && (
        <Loaded query={query}>
          {({ act }) => (
            <pre className="code" tabIndex={0}>
              {String((act as Readonly<Record<string, unknown>>)["text"] ?? "")}
            </pre>
          )}
        </Loaded>
      )}
    </details>
  );
}
