// Renewals of a login, one at a time. One that fails may have met an issuer that could not be reached: a later one takes it back.

export class Renewals {
  readonly #renew: () => Promise<string | undefined>;
  #underWay: Promise<string | undefined> | undefined;
  #hasEnded = false;
  #told: (hasEnded: boolean) => void = () => {};

  /** `renew` gives a new token, or undefined where the login has ended; where it raises, that is so as well. */
  constructor(renew: () => Promise<string | undefined>) {
    this.#renew = renew;
  }

  /** Calls back when the login has ended, and when it goes on after all. */
  onChange(told: (hasEnded: boolean) => void): void {
    this.#told = told;
    if (this.#hasEnded) told(true);
  }

  /** A new token by one renewal, for all who ask meanwhile. */
  next(): Promise<string | undefined> {
    this.#underWay ??= this.#once().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #once(): Promise<string | undefined> {
    const token = await this.#renew().catch(() => undefined);
    const hasEnded = token === undefined;
    if (hasEnded !== this.#hasEnded) {
      this.#hasEnded = hasEnded;
      this.#told(hasEnded);
    }
    return token;
  }
}
