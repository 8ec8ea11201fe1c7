/** The result of the work; rejects with `late` after that many milliseconds, and with the signal's reason once it is aborted. */
export async function within<T>(milliseconds: number, late: unknown, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(late), milliseconds);
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { signal: over.signal });
    over.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  return Promise.race([work, ended]).finally(() => over.abort());
}
