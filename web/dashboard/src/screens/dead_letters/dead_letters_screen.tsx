import { Link } from "@tanstack/react-router";
import { answerOf, useApi } from "../../api/client";
import { useList } from "../../api/list";
import type { DeadLetter } from "../../api/types";
import { useLanguage, useTexts } from "../../language/language";
import { ChoiceFilter, useSetFilters } from "../../parts/list_filters";
import { PageHead } from "../../parts/page";
import { Rows, type Column } from "../../parts/rows";
import { State } from "../../parts/states";
import { Distance } from "../../parts/time";
import { useModeOfPage } from "../../session/mode";
import { KINDS } from "./kinds";
import { ParkedStreams } from "./parked_streams";
import { deadLettersRoute } from "./route";
import { DEAD_LETTERS } from "./texts";

/** Jobs that wait for a person, and streams that a consumer has left: of both modes. */
export function DeadLettersScreen() {
  const t = useTexts(DEAD_LETTERS);
  const { language, locale } = useLanguage();
  const api = useApi();
  const mode = useModeOfPage();
  const filters = deadLettersRoute.useSearch();
  const set = useSetFilters(filters);
  const query = useList(["dead_letters", filters], (part, signal) =>
    answerOf(api.GET("/staff/v1/dead_letters", { params: { query: { ...part, ...(filters as object) } }, signal })),
  );
  const columns: readonly Column<DeadLetter>[] = [
    {
      name: t.kind,
      width: "minmax(0, 1fr)",
      cell: (letter) => (
        <Link to="/$mode/dead_letters/$letterId" params={{ mode, letterId: letter.id }}>
          {letter.kind ? KINDS[language][letter.kind] : t.unknownKind}
        </Link>
      ),
    },
    { name: t.reason, width: "minmax(0, 2fr)", isOnlyWide: true, cell: (letter) => letter.reason },
    { name: t.about, width: "minmax(0, 1fr)", isOnlyWide: true, cell: (letter) => <span className="code">{aboutOf(letter)}</span> },
    { name: t.attempts, width: "88px", isNumber: true, isOnlyWide: true, cell: (letter) => letter.attempts.toLocaleString(locale) },
    { name: t.since, width: "120px", isEndWhenNarrow: true, cell: (letter) => <Distance at={letter.held_at} /> },
  ];
  return (
    <>
      <PageHead title={t.title} />
      <ParkedStreams />
      <div className="chips" role="group">
        <ChoiceFilter name={t.kind} value={filters.kind} names={KINDS[language]} set={(value) => set({ kind: value })} />
      </div>
      <Rows
        label={t.title}
        query={query}
        columns={columns}
        narrowColumns="minmax(0, 1fr) auto"
        keyOf={(letter) => letter.id}
        empty={
          <State title={filters.kind ? t.nothing : t.none}>
            <p>{filters.kind ? t.nothingWhy : t.noneWhy}</p>
          </State>
        }
      />
    </>
  );
}

/** The id of what a job is about. */
function aboutOf(letter: DeadLetter): string {
  return letter.refund ?? letter.charge ?? letter.checkout_session ?? letter.psp_event ?? "";
}
