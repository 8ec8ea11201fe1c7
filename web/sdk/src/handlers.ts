// The handlers of one instance's events. There is no event of the page or the window, so that instances never mix.

type Handler = (event: never) => void;

export class Handlers<Events> {
  readonly #byName = new Map<keyof Events, Set<Handler>>();

  constructor(names: readonly (keyof Events)[]) {
    for (const name of names) this.#byName.set(name, new Set());
  }

  /** Throws a TypeError for a name that no event has. */
  add<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): () => void {
    const handlers = this.#byName.get(name);
    if (!handlers) throw new TypeError(`There is no event "${String(name)}".`);
    // Each call counts by itself, also of the same function.
    const added: Handler = (event) => handler(event);
    handlers.add(added);
    return () => void handlers.delete(added);
  }

  /** Calls every handler, also after one that throws; whether there was one. */
  call<Name extends keyof Events>(name: Name, event: Events[Name]): boolean {
    const handlers = [...(this.#byName.get(name) ?? [])];
    for (const handler of handlers) {
      try {
        handler(event as never);
      } catch (error) {
        reportError(error);
      }
    }
    return handlers.length > 0;
  }
}
