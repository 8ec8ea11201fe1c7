// The parts of Stripe.js that are used here (https://docs.stripe.com/js).

export interface StripeError {
  type?: string;
  code?: string;
  message?: string;
}

interface ElementChange {
  complete: boolean;
  empty: boolean;
  /** The Payment Element of Stripe.js does not tell it. */
  brand?: string;
  error?: StripeError;
}

interface StripeElement {
  on(name: "ready" | "focus" | "blur" | "escape", handler: () => void): void;
  on(name: "change", handler: (event: ElementChange) => void): void;
  on(name: "loaderror", handler: (event: { error: StripeError }) => void): void;
  mount(host: HTMLElement): void;
  focus(): void;
  clear(): void;
  destroy(): void;
}

interface StripeElements {
  create(type: "payment", options: object): StripeElement;
  update(options: object): void;
  submit(): Promise<{ error?: StripeError }>;
}

interface Stripe {
  elements(options: object): StripeElements;
  createPaymentMethod(options: { elements: StripeElements; params?: object }): Promise<{
    paymentMethod?: { id: string; card?: { brand: string; last4: string } };
    error?: StripeError;
  }>;
}

export type StripeConstructor = (key: string, options: { locale: string }) => Stripe;
