import assert from "node:assert/strict";
import { test } from "node:test";
import { CsvReader } from "../src/exports/csv_reader";
import { download, DownloadBroken } from "../src/exports/download";
import { totalsOf } from "../src/exports/totals";

const WHOLE = [
  "id,description,amount_minor,currency,rows",
  'ch_1,"a, ""b""\r\nend,,,,1",5,usd,',
  "ch_2,plain,7,usd,",
  "total,,12,usd,2",
  "ledger,,10,usd,",
  "difference,,2,usd,",
  "end,,,,2",
  "",
].join("\r\n");

/** The file in pieces of a few characters each. */
function pieces(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));
}

for (const size of [1, 2, 7, 1000]) {
  test(`file in pieces of ${size} is read as a whole`, () => {
    const csv = new CsvReader();
    for (const piece of pieces(WHOLE, size)) csv.take(piece);
    const summary = csv.summary();
    assert.equal(summary.isWhole, true);
    assert.equal(summary.rows, 2);
    assert.deepEqual(totalsOf(summary), [{ currency: "usd", column: "amount_minor", amountMinor: 12n, ledgerMinor: 10n, differenceMinor: 2n }]);
  });
}

test("file that is cut off anywhere is not whole", () => {
  for (let length = 0; length < WHOLE.length; length++) {
    const csv = new CsvReader();
    csv.take(WHOLE.slice(0, length));
    assert.equal(csv.summary().isWhole, false, WHOLE.slice(0, length));
  }
});

test("file with a row too few, or rows after its end, is not whole", () => {
  for (const flawed of [WHOLE.replace("ch_2,plain,7,usd,\r\n", ""), `${WHOLE}ch_3,x,1,usd,\r\n`, `${WHOLE}ch_3,x,1,usd,\r\nend,,,,2\r\n`]) {
    const csv = new CsvReader();
    csv.take(flawed);
    assert.equal(csv.summary().isWhole, false);
  }
});

test("opening of a statement is no row", () => {
  const csv = new CsvReader();
  csv.take("id,balance_minor,currency,rows\r\nopening,5,usd,\r\n1-1,6,usd,\r\ntotal,6,usd,1\r\nend,,,1\r\n");
  assert.equal(csv.summary().isWhole, true);
});

function sink() {
  const did: string[] = [];
  return { name: "x.csv", did, write: async () => void did.push("write"), keep: async () => void did.push("keep"), discard: async () => void did.push("discard") };
}

test("download that breaks off is discarded", async () => {
  for (const end of [(control: ReadableStreamDefaultController) => control.close(), (control: ReadableStreamDefaultController) => control.error(new TypeError("network"))]) {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(control) {
        control.enqueue(new TextEncoder().encode(WHOLE.slice(0, 60)));
        setTimeout(() => end(control), 0);
      },
    });
    const kept = sink();
    await assert.rejects(download(stream, kept, () => {}), DownloadBroken);
    assert.equal(kept.did.at(-1), "discard");
    assert.equal(kept.did.includes("keep"), false);
  }
});

test("download that is whole is kept once", async () => {
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(control) {
      control.enqueue(new TextEncoder().encode(WHOLE));
      control.close();
    },
  });
  const kept = sink();
  assert.equal((await download(stream, kept, () => {})).rows, 2);
  assert.deepEqual(kept.did, ["write", "keep"]);
});
