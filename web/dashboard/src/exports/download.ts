// Takes an export to its end, or says that it broke off. Only a file that is whole is kept.

import { CsvReader, type Summary } from "./csv_reader";
import type { Sink } from "./sink";

/** No part of the file has come for so long: the download is broken. */
const PART_SECONDS_MAX = 60;

/** The file ended before its end, or the connection did. Nothing was kept. */
export class DownloadBroken extends Error {}

export interface Progress {
  readonly rows: number;
  readonly bytes: number;
}

export async function download(stream: ReadableStream<Uint8Array<ArrayBuffer>>, sink: Sink, told: (progress: Progress) => void): Promise<Summary> {
  const reader = stream.getReader();
  const csv = new CsvReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  try {
    for (;;) {
      const { value, done } = await inTime(reader.read());
      if (done) break;
      await sink.write(value);
      csv.take(decoder.decode(value, { stream: true }));
      bytes += value.byteLength;
      told({ rows: csv.rows, bytes });
    }
    csv.take(decoder.decode());
    const summary = csv.summary();
    if (!summary.isWhole) throw new DownloadBroken("the file has no end");
    await sink.keep();
    return summary;
  } catch (error) {
    await reader.cancel().catch(() => {});
    await sink.discard();
    throw error instanceof DownloadBroken ? error : new DownloadBroken(String(error));
  }
}

function inTime<T>(asked: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DownloadBroken("no part has come")), PART_SECONDS_MAX * 1000);
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
