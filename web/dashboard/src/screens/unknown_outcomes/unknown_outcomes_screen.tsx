import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { UnknownOutcome } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Status } from "../../parts/status";
import { Distance } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { useMay } from "../../session/permission";
import { OPERATIONS, UNKNOWN } from "./texts";

const ResolveDialog = lazy(() => import("./resolve_dialog").then(({ ResolveDialog }) => ({ default: ResolveDialog })));

/** Calls of a PSP of which FinCore does not know what became, the oldest first. */
export function UnknownOutcomesScreen() {
  const t = useTexts(UNKNOWN);
  const { language } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const mayResolve = useMay("outcomes.resolve", mode);
  const [resolved, resolve] = useState<UnknownOutcome | null>(null);
  const query = useList(["unknown_outcomes", mode], (part, signal) => answerOf(api.GET("/staff/v1/unknown_outcomes", { params: { query: { ...part, mode } }, signal })));
  const columns: readonly Column<UnknownOutcome>[] = [
    {
      name: t.amount,
      width: "minmax(146px, 0.8fr)",
      isNumber: true,
      cell: (unknown) => (
        <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: unknown.charge }}>
          <Money amountMinor={unknown.amount_minor} currency={unknown.currency} />
        </Link>
      ),
    },
    {
      name: t.state,
      width: "190px",
      isEndWhenNarrow: true,
      cell: (unknown) => <Status tone={unknown.held_because ? "bad" : "info"}>{unknown.held_because ? t.waits : t.asks}</Status>,
    },
    { name: t.operation, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (unknown) => OPERATIONS[language][unknown.operation] },
    { name: t.account, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (unknown) => `${unknown.psp} · ${unknown.psp_account}` },
    { name: t.reference, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (unknown) => <span className="code">{unknown.psp_reference ?? "—"}</span> },
    { name: t.since, width: "120px", cell: (unknown) => <Distance at={unknown.since} /> },
    ...(mayResolve
      ? [
          {
            name: t.act,
            width: "104px",
            isEndWhenNarrow: true,
            cell: (unknown: UnknownOutcome) => (
              <button type="button" className="button" data-kind="plain" onClick={() => resolve(unknown)}>
                {t.resolve}
              </button>
            ),
          },
        ]
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
        keyOf={(unknown) => unknown.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
      {resolved && (
        <Suspense>
          <ResolveDialog unknown={resolved} close={() => resolve(null)} />
        </Suspense>
      )}
    </>
  );
}
