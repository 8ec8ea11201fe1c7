// One export from its dialog: one idempotency key for the same request, however often its download breaks off.

import { useEffect, useRef, useState } from "react";
import { answerOf, useApi } from "../api/client";
import { ApiProblem, LoginEnded } from "../api/problem";
import type { Summary } from "./csv_reader";
import { download, type Progress } from "./download";
import type { ExportProps, Given } from "./export_button";
import { openSink } from "./sink";

export type Exporting =
  | { readonly state: "ready"; readonly problem: Error | null }
  | { readonly state: "receiving"; readonly progress: Progress }
  | { readonly state: "broken" }
  | { readonly state: "done"; readonly summary: Summary; readonly fileName: string };

const TOLD_MILLISECONDS = 200;

export function useExport(ask: ExportProps["ask"], fileName: string) {
  const api = useApi();
  const key = useRef("");
  key.current ||= crypto.randomUUID();
  const given = useRef<Given | null>(null);
  const running = useRef<AbortController | null>(null);
  const [exporting, setExporting] = useState<Exporting>({ state: "ready", problem: null });
  useEffect(() => () => running.current?.abort(), []);

  const begin = async (asked: Given): Promise<void> => {
    if (running.current) return;
    const control = new AbortController();
    running.current = control;
    // After a download that broke off the request stays the same, and so does its key.
    given.current ??= asked;
    try {
      const sink = await openSink(fileName);
      if (sink === null) return;
      setExporting({ state: "receiving", progress: { rows: 0, bytes: 0 } });
      try {
        const stream = await answerOf(
          ask(api, given.current, {
            params: { header: { "Idempotency-Key": key.current } },
            headers: { Accept: "text/csv" },
            parseAs: "stream",
            signal: control.signal,
          }),
        ).catch(async (error: unknown) => {
          await sink.discard();
          throw error;
        });
        let toldAt = 0;
        const summary = await download(stream, sink, (progress) => {
          if (Date.now() - toldAt < TOLD_MILLISECONDS) return;
          toldAt = Date.now();
          setExporting({ state: "receiving", progress });
        });
        setExporting({ state: "done", summary, fileName: sink.name });
      } catch (error) {
        const isRefused = error instanceof ApiProblem || error instanceof LoginEnded;
        if (!isRefused) return setExporting({ state: "broken" });
        given.current = null;
        key.current = crypto.randomUUID();
        setExporting({ state: "ready", problem: error });
      }
    } finally {
      running.current = null;
    }
  };
  return { exporting, begin, stop: () => running.current?.abort() };
}
