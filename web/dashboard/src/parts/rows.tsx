// A list of any length: only the rows in sight are in the document. `j` and `k` go from row to row, Enter opens one.

import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode } from "react";
import { useTexts } from "../language/language";
import { useKeys } from "../shell/keys";
import { Failed, Loading } from "./states";
import { PARTS } from "./texts";

const ROW_PIXELS = 40;
const NARROW_ROW_PIXELS = 64;
const ROWS_BEYOND_SIGHT = 24;
const NARROW = "(max-width: 860px)";

export interface Column<R> {
  readonly name: string;
  readonly cell: (row: R) => ReactNode;
  /** Of the grid, for example `120px` or `minmax(0, 1fr)`. */
  readonly width: string;
  readonly isNumber?: boolean;
  /** Left out where the window is narrow. */
  readonly isOnlyWide?: boolean;
  /** At the right edge where the window is narrow. */
  readonly isEndWhenNarrow?: boolean;
}

/** A part of a list, as the API answers. */
export interface RowsPage<R> {
  readonly data: readonly R[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

interface RowsProps<R> {
  readonly label: string;
  readonly query: UseInfiniteQueryResult<InfiniteData<RowsPage<R>>, Error>;
  readonly columns: readonly Column<R>[];
  /** The grid of a row where the window is narrow: widths of the columns that are left, in as many lines as they need. */
  readonly narrowColumns: string;
  readonly keyOf: (row: R) => string;
  /** The cell of the first column holds a link: a click anywhere in its row opens it. */
  readonly empty: ReactNode;
  /** Why the next part is loaded only when the person asks for it; null: it is loaded as the person comes near. */
  readonly pause?: string | null;
}

export function Rows<R>({ label, query, columns, narrowColumns, keyOf, empty, pause = null }: RowsProps<R>) {
  const grid = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  const isNarrow = useIsNarrow();
  const rows = query.data?.pages.flatMap((page) => page.data) ?? [];
  const height = isNarrow ? NARROW_ROW_PIXELS : ROW_PIXELS;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: ROWS_BEYOND_SIGHT,
    scrollMargin: offset,
    getItemKey: (index) => keyOf(rows[index] as R),
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;

  useLayoutEffect(() => {
    setOffset((grid.current?.getBoundingClientRect().top ?? 0) + scrollY);
  }, [rows.length === 0]);
  useEffect(() => virtual.measure(), [height]);
  useEffect(() => {
    if (query.hasNextPage && !query.isFetchingNextPage && !query.isError && pause === null && last >= rows.length - ROWS_BEYOND_SIGHT * 2) {
      void query.fetchNextPage();
    }
  }, [last, rows.length, query.hasNextPage, query.isFetchingNextPage, query.isError, pause]);

  /** The rows beside the one with the focus are in the document, out of sight as well. */
  const move = (by: 1 | -1) => {
    const current = grid.current?.querySelector("[data-index]:focus-within")?.getAttribute("data-index");
    const inSight = items.find((item) => item.start >= scrollY)?.index ?? 0;
    const target = current == null ? inSight : Number(current) + by;
    grid.current?.querySelector<HTMLElement>(`[data-index="${target}"] :is(a, button)`)?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });

  if (query.data === undefined) {
    return query.error ? <Failed error={query.error} again={() => void query.refetch()} /> : <Loading lines={8} />;
  }
  if (rows.length === 0 && !query.hasNextPage) return empty;
  const style = { "--row-columns": columns.map((column) => column.width).join(" "), "--row-columns-narrow": narrowColumns };
  return (
    <div>
      <div className="rows" role="table" aria-label={label} aria-rowcount={query.hasNextPage ? -1 : rows.length + 1} style={style as CSSProperties}>
        <div role="rowgroup">
          <div className="rows-head" role="row" aria-rowindex={1}>
            {columns.map((column) => (
              <div role="columnheader" key={column.name} className={column.isNumber ? "number" : ""}>
                {column.name}
              </div>
            ))}
          </div>
        </div>
        <div className="rows-body" role="rowgroup" ref={grid} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, key, start }) => (
            <div
              className="rows-row"
              role="row"
              key={key}
              aria-rowindex={index + 2}
              data-index={index}
              style={{ transform: `translateY(${start - offset}px)` }}
              onClick={(event) => {
                const isLink = event.target instanceof Element && event.target.closest("a, button");
                if (!isLink && !getSelection()?.toString()) event.currentTarget.querySelector("a")?.click();
              }}
            >
              {columns.map((column) => (
                <div role="cell" key={column.name} className={column.isNumber ? "number" : ""} data-only={column.isOnlyWide ? "wide" : undefined} data-narrow={column.isEndWhenNarrow ? "end" : "start"}>
                  {column.cell(rows[index] as R)}
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
      <div className="rows-end" role="status">
        <End query={query} pause={pause} count={rows.length} />
      </div>
    </div>
  );
}

/** What is below the last row: that there are more, that they could not be loaded, or how many there are. */
function End({ query, pause, count }: { query: UseInfiniteQueryResult<unknown, Error>; pause: string | null; count: number }) {
  const t = useTexts(PARTS);
  if (query.isFetchingNextPage) return t.loading;
  if (!query.isError && !query.hasNextPage) return t.end(count);
  if (!query.isError && pause === null) return null;
  return (
    <>
      {query.isError ? t.failed : pause}
      <button type="button" className="button" onClick={() => void query.fetchNextPage()}>
        {query.isError ? t.tryAgain : t.more}
      </button>
    </>
  );
}

function useIsNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const changed = () => setIsNarrow(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, []);
  return isNarrow;
}
