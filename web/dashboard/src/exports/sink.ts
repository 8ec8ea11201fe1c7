// Where a download goes: to a file that the person chooses, where the browser can write one, or to the browser's own downloads.

export interface Sink {
  /** Of the file. */
  readonly name: string;
  write(part: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Keeps what was written, as a whole. */
  keep(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

interface WritableFile {
  readonly name: string;
  getFile(): Promise<File>;
  createWritable(): Promise<{ write(part: Uint8Array<ArrayBuffer>): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
  remove?(): Promise<void>;
}

declare global {
  interface Window {
    showSaveFilePicker?(options: { suggestedName: string; types: readonly { accept: Record<string, readonly string[]> }[] }): Promise<WritableFile>;
  }
}

/** A sink for a file with this name; null where the person has chosen none. Must be asked for by a click. */
export async function openSink(name: string): Promise<Sink | null> {
  if (!window.showSaveFilePicker) return memorySink(name);
  try {
    const file = await window.showSaveFilePicker({ suggestedName: name, types: [{ accept: { "text/csv": [".csv"] } }] });
    return await fileSink(file);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    return memorySink(name);
  }
}

/** The browser replaces the file when it is kept, so that one that breaks off leaves what was there before. */
async function fileSink(file: WritableFile): Promise<Sink> {
  const writable = await file.createWritable();
  return {
    name: file.name,
    write: (part) => writable.write(part),
    keep: () => writable.close(),
    discard: async () => {
      await writable.abort();
      // The dialog of the browser has made an empty file where there was none.
      if ((await file.getFile()).size === 0) await file.remove?.();
    },
  };
}

const TOGETHER_BYTES = 8 * 1024 * 1024;

/** Parts are put together as they come, so that the browser may move them out of memory. */
function memorySink(name: string): Sink {
  let whole = new Blob([], { type: "text/csv" });
  let parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const together = () => {
    whole = new Blob([whole, ...parts], { type: "text/csv" });
    parts = [];
    bytes = 0;
  };
  return {
    name,
    write: async (part) => {
      parts.push(part);
      bytes += part.byteLength;
      if (bytes >= TOGETHER_BYTES) together();
    },
    keep: async () => {
      together();
      const link = document.createElement("a");
      link.href = URL.createObjectURL(whole);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    },
    discard: async () => {
      parts = [];
      whole = new Blob([]);
    },
  };
}
