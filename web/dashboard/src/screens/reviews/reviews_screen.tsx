import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { ChargeSummary } from "../../api/types";
import { useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Distance, Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { PaymentMethod } from "../charges/payment_method";
import type { ReviewDecision } from "./review_dialog";
import { REVIEWS } from "./texts";

const ReviewDialog = lazy(() => import("./review_dialog").then(({ ReviewDialog }) => ({ default: ReviewDialog })));
const DECISIONS: readonly ReviewDecision[] = ["approve", "decline"];

/** Charges that wait for a person, those that end first at the top. */
export function ReviewsScreen() {
  const t = useTexts(REVIEWS);
  const api = useApi();
  const mode = useModeOfPage();
  const mayDecide = useMay("reviews.decide", mode);
  const [open, setOpen] = useState<{ readonly charge: ChargeSummary; readonly decision: ReviewDecision } | null>(null);
  const query = useList(["reviews", mode], (part, signal) => answerOf(api.GET("/staff/v1/reviews", { params: { query: { ...part, mode } }, signal })));
  const columns: readonly Column<ChargeSummary>[] = [
    {
      name: t.amount,
      width: "minmax(146px, 0.8fr)",
      isNumber: true,
      cell: (charge) => (
        <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: charge.id }}>
          <Money amountMinor={charge.amount_minor} currency={charge.currency} />
        </Link>
      ),
    },
    { name: t.until, width: "130px", isEndWhenNarrow: true, cell: (charge) => (charge.review_decide_by ? <Distance at={charge.review_decide_by} /> : "—") },
    { name: t.method, width: "156px", isOnlyWide: true, cell: (charge) => <PaymentMethod of={charge} /> },
    { name: t.customer, width: "minmax(0, 1.2fr)", isOnlyWide: true, cell: (charge) => charge.customer_email ?? "—" },
    { name: t.created, width: "142px", isOnlyWide: true, cell: (charge) => <Time at={charge.created_at} /> },
    ...(mayDecide
      ? DECISIONS.map((decision) => ({
          name: t[decision],
          width: "110px",
          isEndWhenNarrow: decision === "decline",
          cell: (charge: ChargeSummary) => (
            <button type="button" className="button" data-kind="plain" onClick={() => setOpen({ charge, decision })}>
              {t[decision]}
            </button>
          ),
        }))
      : []),
  ];
  return (
    <>
      <PageHead title={t.title} />
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(charge) => charge.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
      {open && (
        <Suspense>
          <ReviewDialog {...open} close={() => setOpen(null)} />
        </Suspense>
      )}
    </>
  );
}
