// A page, FinCore's answers and a PSP's script as tests need them: in memory, under the test's control.

import type { CardFieldsEvents } from "../src/public.js";

/** An element, as far as the SDK uses one. */
class PageElement {
  readonly children: PageElement[] = [];
  readonly attributes = new Map<string, string>();
  readonly #listeners = new Map<string, () => void>();
  parent: PageElement | null = null;
  src = "";

  constructor(readonly tag: string) {}

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  append(child: PageElement): void {
    child.parent = this;
    this.children.push(child);
    if (child.tag === "script") page.scriptAdded(child);
  }

  remove(): void {
    const siblings = this.parent?.children;
    siblings?.splice(siblings.indexOf(this), 1);
    this.parent = null;
  }

  addEventListener(name: string, listener: () => void): void {
    this.#listeners.set(name, listener);
  }

  happen(name: string): void {
    this.#listeners.get(name)?.();
  }
}

/** One element of the PSP: what it was told, and events as the PSP sends them. */
export class PspElement {
  readonly told: unknown[][] = [];
  readonly #handlers = new Map<string, (event: unknown) => void>();
  host: PageElement | null = null;

  constructor(readonly options: unknown) {}

  on(name: string, handler: (event: unknown) => void): void {
    this.#handlers.set(name, handler);
  }

  send(name: string, event: unknown = {}): void {
    this.#handlers.get(name)?.(event);
  }

  mount(host: PageElement): void {
    this.host = host;
    if (page.isPspReady) queueMicrotask(() => this.send("ready"));
  }

  update(options: unknown): void {
    this.told.push(["update", options]);
  }

  focus(): void {
    this.told.push(["focus"]);
  }

  clear(): void {
    this.told.push(["clear"]);
  }

  destroy(): void {
    this.told.push(["destroy"]);
  }
}

class Page {
  readonly places: Record<string, PageElement> = {};
  readonly elements: PspElement[] = [];
  readonly requests: string[] = [];
  readonly scripts: PageElement[] = [];
  readonly asked: unknown[] = [];
  isPspReady = true;
  /** What the PSP's script does once it is in the page. */
  onScript: "loads" | "fails" | "hangs" = "loads";
  /** The account that FinCore names for an amount. */
  account = (_: number): string => "test";
  psp = "stripe";
  /** What FinCore answers in place of a configuration. */
  refusal: { status: number; body: object } | "unreachable" | null = null;
  checked: () => Promise<object> = async () => ({});
  made: () => Promise<object> = async () => ({
    paymentMethod: { id: `pm_${this.asked.length}`, card: { brand: "visa", last4: "4242" } },
  });

  scriptAdded(script: PageElement): void {
    this.scripts.push(script);
    if (this.onScript !== "hangs") queueMicrotask(() => this.scriptRuns());
  }

  scriptRuns(): void {
    if (this.onScript === "loads") Object.assign(globalThis, { Stripe: () => this.stripe() });
    this.scripts.at(-1)?.happen(this.onScript === "loads" ? "load" : "error");
  }

  stripe(): object {
    const page = this;
    return {
      elements(options: object) {
        let element: PspElement;
        return {
          create: (_: string, more: object) => {
            element = new PspElement({ ...options, ...more });
            page.elements.push(element);
            return element;
          },
          update: (changed: unknown) => element.update(changed),
          submit: () => page.checked(),
        };
      },
      createPaymentMethod: ({ params }: { params?: object }) => {
        page.asked.push(params);
        return page.made();
      },
    };
  }

  async fetch(url: string, { signal }: { signal: AbortSignal }): Promise<object> {
    this.requests.push(url);
    signal.throwIfAborted();
    if (this.refusal === "unreachable") throw new TypeError("Failed to fetch");
    if (this.refusal) return { ok: false, status: this.refusal.status, json: async () => (this.refusal as { body: object }).body };
    const amount = Number(new URL(url).searchParams.get("amount_minor"));
    const method = {
      type: "card",
      psp: this.psp,
      account: this.account(amount),
      script_url: `https://psp.example/${this.#number}/`,
      publishable_key: "pk_test_psp",
    };
    return { ok: true, status: 200, json: async () => ({ methods: [method] }) };
  }

  /** Scripts are kept for a page: each test's has an address of its own. */
  readonly #number = ++pages;

  get last(): PspElement {
    const last = this.elements.at(-1);
    if (!last) throw new Error("The PSP has no element.");
    return last;
  }
}

let pages = 0;
export let page: Page;

/** A new page with the places #first and #second. */
export function openPage(): Page {
  page = new Page();
  const { places } = page;
  for (const id of ["first", "second"]) places[`#${id}`] = new PageElement("div");
  Object.assign(globalThis, {
    window: globalThis,
    Stripe: undefined,
    fetch: (url: string, options: { signal: AbortSignal }) => page.fetch(url, options),
    document: {
      createElement: (tag: string) => new PageElement(tag),
      querySelector: (selector: string) => places[selector] ?? null,
      head: new PageElement("head"),
      scripts: [],
      readyState: "complete",
    },
  });
  return page;
}

type Heard = { [Name in keyof CardFieldsEvents]: [Name, CardFieldsEvents[Name]] }[keyof CardFieldsEvents];

/** What the handlers of some card fields hear, in order. */
export function heardBy(fields: {
  on<Name extends keyof CardFieldsEvents>(name: Name, handler: (event: CardFieldsEvents[Name]) => void): () => void;
}): Heard[] {
  const heard: Heard[] = [];
  for (const name of ["ready", "change", "focus", "blur", "escape", "loaderror"] as const) {
    fields.on(name, (event) => heard.push([name, event] as Heard));
  }
  return heard;
}

/** Returns once everything that waits for nothing from outside is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
