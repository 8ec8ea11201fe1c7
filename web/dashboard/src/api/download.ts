// A file of the API, saved by the browser: its address holds no token, so the bytes are fetched first.

/** Saves what was fetched under a name. */
export function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
