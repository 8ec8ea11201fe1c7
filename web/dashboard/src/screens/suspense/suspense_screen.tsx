import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { SuspenseItem } from "../../api/types";
import { useTexts } from "../../language/language";
import { Money } from "../../parts/money";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { SubjectLink } from "../../parts/subject_link";
import { Time } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { SUSPENSE } from "./texts";

/** What waits in suspense until a person decides who owns it, the oldest first. */
export function SuspenseScreen() {
  const t = useTexts(SUSPENSE);
  const api = useApi();
  const mode = useModeOfPage();
  const query = useList(["suspense", mode], (part, signal) => answerOf(api.GET("/staff/v1/suspense_items", { params: { query: { ...part, mode } }, signal })));
  const columns: readonly Column<SuspenseItem>[] = [
    {
      name: t.amount,
      width: "minmax(146px, 0.6fr)",
      isNumber: true,
      cell: (item) => (
        <Link to="/$mode/ledger_entries/$entry" params={{ mode, entry: String(item.entry) }}>
          <Money amountMinor={item.amount_minor} currency={item.currency} />
        </Link>
      ),
    },
    { name: t.effective, width: "142px", isEndWhenNarrow: true, cell: (item) => <Time at={item.effective_at} /> },
    { name: t.kind, width: "minmax(0, 0.8fr)", cell: (item) => item.kind },
    { name: t.reason, width: "minmax(0, 1.4fr)", isOnlyWide: true, cell: (item) => <span title={item.reason ?? ""}>{item.reason ?? "—"}</span> },
    { name: t.subject, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (item) => <SubjectLink subject={item.subject} /> },
    { name: t.description, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (item) => item.description },
    { name: t.entry, width: "72px", isNumber: true, isEndWhenNarrow: true, cell: (item) => item.entry },
  ];
  return (
    <>
      <PageHead title={t.title} lead={<p className="quiet small">{t.lead}</p>} />
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(item) => item.id}
        empty={
          <State title={t.none}>
            <p>{t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}
