/** The result of the work; rejects with `late` after that many milliseconds, and with the signal's reason once it is aborted. */
export function within<T>(milliseconds: number, late: unknown, signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late), milliseconds);
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    });
  });
}
