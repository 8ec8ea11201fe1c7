import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import type { BreakRecord } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { formatAmount } from "../../money/amounts";
import { Copy } from "../../parts/copy";
import { PageHead } from "../../parts/page";
import { Loaded } from "../../parts/states";
import { Status } from "../../parts/status";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { CLASSES, STATUSES, TONES } from "../breaks/classes";
import type { BreakAct } from "./break_dialog";
import { AdjustmentsCard, FactsCard, HistoryCard } from "./cards";
import { breakRoute } from "./route";
import { BankCard, LedgerSideCard, StatementSideCard } from "./sides";
import { ACTS, BREAK } from "./texts";

const BreakActDialog = lazy(() => import("./break_dialog").then(({ BreakActDialog }) => ({ default: BreakActDialog })));

/** A break in full: the statement beside the ledger, what was done, and what a person does next. */
export function BreakScreen() {
  const { breakId } = breakRoute.useParams();
  const api = useApi();
  const query = useQuery({
    queryKey: ["break", breakId],
    queryFn: ({ signal }) => answerOf(api.GET("/staff/v1/breaks/{break_id}", { params: { path: { break_id: breakId } }, signal })),
  });
  return (
    <Loaded query={query} lines={10} isScreen>
      {(found) => <Found key={breakId} found={found} />}
    </Loaded>
  );
}

function Found({ found }: { found: BreakRecord }) {
  const t = useTexts(BREAK);
  const { language, locale } = useLanguage();
  const mayDecide = useMay("breaks.decide", useModeOfPage());
  const [chosen, choose] = useState<BreakAct | null>(null);
  const amount = found.amount_minor !== null && found.currency ? formatAmount(found.amount_minor, found.currency, locale) : "";
  const acts = mayDecide ? found.may.flatMap((act) => (act === "reverse" ? [] : [act])) : [];
  return (
    <>
      <PageHead
        title={[CLASSES[language][found.break_class], amount].filter(Boolean).join(" ")}
        lead={
          <p className="chips">
            <Status tone={TONES[found.status]}>{STATUSES[language][found.status]}</Status>
            <Copy text={found.id} />
          </p>
        }
      >
        {acts.map((act) => (
          <button type="button" className="button" key={act} onClick={() => choose({ act })}>
            {ACTS[language][act]}
          </button>
        ))}
      </PageHead>
      <section className="banner" aria-label={t.nextStep}>
        <span>
          <strong>{CLASSES[language][found.break_class]}:</strong> {found.meaning}.
        </span>
        {found.next_step && (
          <span>
            <strong>{t.nextStep}:</strong> {found.next_step}
          </span>
        )}
      </section>
      <div className="split">
        <div className="column">
          <StatementSideCard found={found} />
          <LedgerSideCard found={found} />
          <BankCard found={found} />
          <HistoryCard found={found} />
        </div>
        <div className="column">
          <FactsCard found={found} />
          <AdjustmentsCard found={found} reverse={mayDecide && found.may.includes("reverse") ? (adjustment) => choose({ act: "reverse", adjustment }) : null} />
        </div>
      </div>
      {chosen && (
        <Suspense>
          <BreakActDialog chosen={chosen} found={found} close={() => choose(null)} />
        </Suspense>
      )}
    </>
  );
}
