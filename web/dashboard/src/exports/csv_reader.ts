// Reads a file of an export while it arrives: counts its rows, and keeps the last ones, which say what they come to.

/** What the first column of the last rows says. */
const LAST = /^(total|ledger|difference|end),/;
const OPENING = "opening,";
const QUOTE = 34;
const LINE_FEED = 10;

export type LastRow = Readonly<Record<string, string>>;

/** What a file said at its end. */
export interface Summary {
  readonly rows: number;
  readonly last: readonly LastRow[];
  /** Its last row is `end`, which counts as many rows as there were. A file that is not whole was cut off. */
  readonly isWhole: boolean;
}

export class CsvReader {
  #isQuoted = false;
  #begun = "";
  #columns: readonly string[] | null = null;
  #rows = 0;
  #last: LastRow[] = [];
  #isDisordered = false;

  get rows(): number {
    return this.#rows;
  }

  /** Takes the next piece of the text, which may end anywhere. */
  take(text: string): void {
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) this.#isQuoted = !this.#isQuoted;
      else if (code === LINE_FEED && !this.#isQuoted) {
        this.#row(this.#begun + text.slice(from, at));
        this.#begun = "";
        from = at + 1;
      }
    }
    this.#begun += text.slice(from);
  }

  summary(): Summary {
    const end = this.#last.at(-1);
    const isWhole = end?.["id"] === "end" && end["rows"] === String(this.#rows) && this.#begun === "" && !this.#isDisordered;
    return { rows: this.#rows, last: this.#last, isWhole };
  }

  #row(line: string): void {
    if (this.#columns === null) this.#columns = cellsOf(line);
    else if (LAST.test(line)) {
      const cells = cellsOf(line);
      this.#last.push(Object.fromEntries(this.#columns.map((column, index) => [column, cells[index] ?? ""])));
    } else if (this.#last.length > 0) this.#isDisordered = true;
    else if (!line.startsWith(OPENING)) this.#rows += 1;
  }
}

/** The cells of a row (RFC 4180). */
function cellsOf(line: string): readonly string[] {
  const cells = line.replace(/\r$/, "").match(/(?<=^|,)("(?:[^"]|"")*"|[^,]*)/g) ?? [];
  return cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
}
