// What the SDK asks of a PSP: one adapter for each type of payment method that it takes, in the tables of `adapters.ts`.

import type { Access, Method } from "./client_configuration.js";
import type { Billing, Tokenized } from "./public.js";

/** Where and how to mount. */
export interface Mounting<Options, Events> {
  /** The PSP account, with the address of its script. */
  method: Method;
  /** FinCore's server for customers, and the shop's publishable key. */
  access: Access;
  /** An element that is the adapter's alone; it leaves the page with what is in it. */
  host: HTMLElement;
  options: Options;
  /** Tells the page an event; `ready` and `loaderror` are not the adapter's to tell. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void;
  /** What is mounted does not work, or no longer: it is taken out of the page, and `loaderror` comes. */
  fail(error: unknown): void;
  /** Aborted once it is taken out of the page, for any reason: end everything then. */
  signal: AbortSignal;
}

/** What is mounted. */
export interface Mounted<Options> {
  update(options: Options): void;
  focus(): void;
}

export interface MountedCardFields<Options> extends Mounted<Options> {
  clear(): void;
  /** The token, or what the PSP refuses. What it throws becomes an error with the code `psp_refused`, unless it is a `Failure`. */
  tokenize(billing: Billing | undefined): Promise<Tokenized>;
}

/** One PSP for one type of payment method. */
export interface PspAdapter<Options, Events, Element extends Mounted<Options>> {
  /**
   * Loads what the PSP needs and mounts it; resolves once the customer can use it. What it throws becomes `loaderror`, with the code
   * `fields_failed` unless it is a `Failure`. How long it may take is not its business.
   */
  mount(mounting: Mounting<Options, Events>): Promise<Element>;
}

/** The adapters of a type of payment method, by PSP. */
export type Adapters<Options, Events, Element extends Mounted<Options>> = Readonly<
  Record<string, PspAdapter<Options, Events, Element>>
>;
