import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { Proposal } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Card, PageHead } from "../../parts/page";
import { Loaded, State } from "../../parts/states";
import { Distance } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { may, useMe } from "../../session/permission";
import { ActFacts, useObjectOf } from "./act_facts";
import type { Decision } from "./decision_dialog";
import { GERMAN_REASONS, KINDS, PROPOSALS } from "./texts";

const DecisionDialog = lazy(() => import("./decision_dialog").then(({ DecisionDialog }) => ({ default: DecisionDialog })));

const SHOWN_MAX = 100;

/** What waits for a second person: others approve or decline it, the proposer may withdraw it. */
export function ProposalsScreen() {
  const t = useTexts(PROPOSALS);
  const { language, locale } = useLanguage();
  const api = useApi();
  const me = useMe();
  const mode = useModeOfPage();
  const [open, setOpen] = useState<{ readonly proposal: Proposal; readonly decision: Decision } | null>(null);
  const query = useQuery({
    queryKey: ["proposals", mode],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/proposals", { params: { query: { mode, status: ["proposed", "approved"], limit: SHOWN_MAX } }, signal })),
  });
  const named = (proposal: Proposal) =>
    [KINDS[language][proposal.kind], proposal.amount_minor !== null && proposal.currency !== null ? formatAmount(proposal.amount_minor, proposal.currency, locale) : ""].filter(Boolean).join(" ");
  const objectOf = useObjectOf();
  const sumsOf = ({ proposer_sums: sums, amount_minor, currency, status }: Proposal) => {
    if (sums === null || currency === null) return null;
    const othersWait = sums.waiting_minor - (status === "proposed" ? (amount_minor ?? 0) : 0);
    if (othersWait <= 0 && sums.agreed_minor === 0) return null;
    return t.sums(formatAmount(othersWait, currency, locale), formatAmount(sums.agreed_minor, currency, locale));
  };
  const decisionsOn = (proposal: Proposal): readonly Decision[] => {
    if (proposal.status === "approved") return may(me, proposal.approve_permission, mode) ? ["give_up"] : [];
    if (proposal.proposer.subject === me.subject) return ["withdraw"];
    return may(me, proposal.approve_permission, mode) ? (proposal.proposer_may === "no" ? ["decline"] : ["approve", "decline"]) : [];
  };
  return (
    <>
      <PageHead title={t.title} />
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <State title={t.none}>
              <p>{t.noneWhy}</p>
            </State>
          ) : (
            <div className="part">
              {data.map((proposal) => (
                <Card key={proposal.id} title={[named(proposal), objectOf(proposal)].filter(Boolean).join(" · ")}>
                  <div className="part">
                    <p>{proposal.reason}</p>
                    <ActFacts proposal={proposal} />
                    <p className="quiet small">
                      {t.by} {proposal.proposer.username} · <Distance at={proposal.proposed_at} /> · {t.until} <Distance at={proposal.expires_at} /> ·{" "}
                      {language === "de" ? GERMAN_REASONS[proposal.kind] : proposal.needed_because}
                    </p>
                    {sumsOf(proposal) && <p className="quiet small">{sumsOf(proposal)}</p>}
                    {proposal.proposer_may === "no" && <p className="quiet small">{t.proposerMayNot}</p>}
                    {proposal.status === "approved" && <p className="quiet small">{t.underWay}</p>}
                    <div className="buttons">
                      {decisionsOn(proposal).map((decision) => (
                        <button type="button" className="button" key={decision} onClick={() => setOpen({ proposal, decision })}>
                          {t[decision]}
                        </button>
                      ))}
                    </div>
                  </div>
                </Card>
              ))}
            </div>
          )
        }
      </Loaded>
      {open && (
        <Suspense>
          <DecisionDialog {...open} name={named(open.proposal)} close={() => setOpen(null)} />
        </Suspense>
      )}
    </>
  );
}
