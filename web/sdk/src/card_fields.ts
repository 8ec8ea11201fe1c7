// Card fields of the PSP that the client configuration names.

import type { MountedCardFields } from "./adapter.js";
import { CARD_ADAPTERS } from "./adapters.js";
import { Component, type Setting } from "./component.js";
import { failure, thrown } from "./errors.js";
import type { CardFields, CardFieldsEvents, CardFieldsOptions, Tokenized, TokenizeOptions } from "./public.js";

const TOKENIZE_MS_MAX = 30_000;

export class PspCardFields
  extends Component<CardFieldsOptions, CardFieldsEvents, MountedCardFields<CardFieldsOptions>>
  implements CardFields
{
  #tokenizing: Promise<Tokenized> | null = null;

  constructor(setting: Setting, options: CardFieldsOptions) {
    super("card", CARD_ADAPTERS, setting, { title: "Card", ...options }, [
      "ready",
      "change",
      "focus",
      "blur",
      "escape",
      "loaderror",
    ]);
  }

  clear(): void {
    this.whenReady((element) => element.clear());
  }

  tokenize(options: TokenizeOptions = {}): Promise<Tokenized> {
    // A token takes no money; one that is asked for twice would only leave one unused.
    this.#tokenizing ??= this.#made(options).finally(() => {
      this.#tokenizing = null;
    });
    return this.#tokenizing;
  }

  async #made({ billing }: TokenizeOptions): Promise<Tokenized> {
    const late = failure("psp_unreachable", "The PSP did not answer.");
    try {
      return await this.ask(TOKENIZE_MS_MAX, late, (element) => element.tokenize(billing));
    } catch (error) {
      return { error: thrown(error, "psp_refused") };
    }
  }
}
