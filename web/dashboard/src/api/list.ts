// A list of the API, page by page, as `Rows` shows it.

import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import type { RowsPage } from "../parts/rows";

const PAGE_ROWS = 50;

/** The part of a list that is asked for. */
export interface Part {
  readonly limit: number;
  readonly cursor?: string;
}

export function useList<R>(
  key: readonly unknown[],
  ask: (part: Part, signal: AbortSignal) => Promise<RowsPage<R>>,
): UseInfiniteQueryResult<InfiniteData<RowsPage<R>>, Error> {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => ask({ limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
