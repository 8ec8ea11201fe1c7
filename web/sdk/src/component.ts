// What every payment method in the page has in common: where it is mounted, its options, its events, and what it waits for.

import type { Adapters, Mounted } from "./adapter.js";
import { type Access, type Method, methodFor } from "./client_configuration.js";
import { failure, thrown } from "./errors.js";
import { Handlers } from "./handlers.js";
import type { Amount, FinCoreError, Mountable } from "./public.js";
import { within } from "./within.js";

/** What a component is made with, beside its options. */
export interface Setting extends Access {
  load_timeout_ms: number;
}

interface ComponentOptions extends Amount {
  title?: string;
}

interface ComponentEvents {
  ready: Record<string, never>;
  loaderror: { error: FinCoreError };
}

/** One time in the page, from `mount` until it is taken out. */
class Stay<Element> {
  readonly host = document.createElement("div");
  readonly #out = new AbortController();
  /** The mounted element, once every change that was asked for is made. */
  ready!: Promise<Element>;
  /** Where tokens are made. */
  method: Method | null = null;

  constructor(readonly place: globalThis.Element) {
    this.host.setAttribute("role", "group");
    place.append(this.host);
  }

  get signal(): AbortSignal {
    return this.#out.signal;
  }

  end(reason: unknown): void {
    this.#out.abort(reason);
    this.host.remove();
  }
}

export abstract class Component<
  Options extends ComponentOptions,
  Events extends ComponentEvents,
  Element extends Mounted<Options>,
> implements Mountable<Options, Events>
{
  readonly #handlers: Handlers<Events>;
  #stay: Stay<Element> | null = null;
  #isDestroyed = false;

  protected constructor(
    private readonly type: string,
    private readonly adapters: Adapters<Options, Events, Element>,
    private readonly setting: Setting,
    private options: Options,
    events: readonly (keyof Events)[],
  ) {
    this.#handlers = new Handlers(events);
  }

  mount(where: string | globalThis.Element): void {
    this.#requireWhole();
    const place = typeof where === "string" ? document.querySelector(where) : where;
    if (!place) throw new TypeError(`There is no element ${where} to mount into.`);
    if (this.#stay?.place === place) return;
    this.unmount();
    this.#begin(place);
  }

  on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): () => void {
    this.#requireWhole();
    return this.#handlers.add(name, handler);
  }

  update(options: Partial<Options>): void {
    this.#requireWhole();
    const before = this.options;
    this.options = { ...before, ...options };
    const stay = this.#stay;
    if (!stay) return;
    this.#label(stay);
    const { amount_minor, currency } = this.options;
    const isRouted = amount_minor === before.amount_minor && currency === before.currency;
    this.#follow(stay, stay.ready.then((element) => this.#change(stay, element, isRouted)));
  }

  focus(): void {
    this.whenReady((element) => element.focus());
  }

  unmount(): void {
    const stay = this.#stay;
    this.#stay = null;
    stay?.end(failure("unmounted", "It was taken out of the page."));
  }

  destroy(): void {
    this.unmount();
    this.#isDestroyed = true;
  }

  /** Does something with what is mounted once it is ready; nothing where nothing is mounted. */
  protected whenReady(act: (element: Element) => void): void {
    this.#stay?.ready.then(act, () => undefined);
  }

  /** The result of work on what is mounted, once it is ready. Throws a `Failure`, also where the work takes too long or it is unmounted. */
  protected async ask<T>(milliseconds: number, late: unknown, work: (element: Element) => Promise<T>): Promise<T> {
    const stay = this.#stay;
    if (!stay) throw failure("not_mounted", "Mount it first.");
    const element = await stay.ready;
    return within(milliseconds, late, stay.signal, work(element));
  }

  #requireWhole(): void {
    if (this.#isDestroyed) throw new TypeError("It was destroyed. Make another one.");
  }

  #begin(place: globalThis.Element): void {
    const stay = new Stay<Element>(place);
    this.#stay = stay;
    this.#label(stay);
    this.#follow(stay, this.#load(stay));
  }

  #label({ host }: Stay<Element>): void {
    host.setAttribute("aria-label", this.options.title ?? this.type);
  }

  async #load(stay: Stay<Element>): Promise<Element> {
    const element = await this.#inTime(stay, this.#mounted(stay));
    this.#emit("ready", {} as Events["ready"]);
    return element;
  }

  async #mounted(stay: Stay<Element>): Promise<Element> {
    const { signal, host } = stay;
    const method = (stay.method = await this.#route(stay));
    const adapter = this.adapters[method.psp];
    if (!adapter) throw failure("method_unavailable", `This version does not know the PSP "${method.psp}".`);
    return adapter.mount({
      method,
      access: this.setting,
      host,
      options: this.options,
      emit: (name, event) => this.#stay === stay && this.#emit(name, event),
      fail: (error) => this.#fail(stay, error),
      signal,
    });
  }

  #route({ signal }: Stay<Element>): Promise<Method> {
    return methodFor(this.type, this.options, this.setting, signal);
  }

  async #change(stay: Stay<Element>, element: Element, isRouted: boolean): Promise<Element> {
    if (!isRouted) {
      const before = stay.method;
      const method = await this.#inTime(stay, this.#route(stay));
      if (method.psp !== before?.psp || method.account !== before.account) {
        // A token belongs to the account that makes it.
        const { place } = stay;
        this.unmount();
        this.#begin(place);
        throw stay.signal.reason;
      }
    }
    element.update(this.options);
    return element;
  }

  #inTime<T>(stay: Stay<Element>, work: Promise<T>): Promise<T> {
    const milliseconds = this.setting.load_timeout_ms;
    const late = failure("load_timeout", `Not ready after ${milliseconds} ms. Check the page's connect-src and frame-src.`);
    return within(milliseconds, late, stay.signal, work);
  }

  #follow(stay: Stay<Element>, ready: Promise<Element>): void {
    stay.ready = ready;
    ready.catch((error: unknown) => this.#fail(stay, error));
  }

  #fail(stay: Stay<Element>, error: unknown): void {
    if (this.#stay !== stay) return;
    this.#stay = null;
    const told = thrown(error, "fields_failed");
    stay.end(failure(told.code, told.message));
    if (!this.#emit("loaderror", { error: told })) console.error("FinCore:", told.code, told.message);
  }

  #emit<Name extends keyof Events>(name: Name, event: Events[Name]): boolean {
    return this.#handlers.call(name, event);
  }
}
