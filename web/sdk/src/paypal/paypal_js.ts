// The parts of PayPal's JavaScript SDK, version 5, that are used here (https://developer.paypal.com/sdk/js/v5/reference).

interface Buttons {
  isEligible(): boolean;
  render(where: HTMLElement): Promise<void>;
}

export interface PayPalJs {
  Buttons(options: {
    createOrder(): Promise<string>;
    fundingSource: string;
    onApprove(): Promise<void>;
    onCancel(): void;
    onError(error: unknown): void;
    style: object;
  }): Buttons;
  FUNDING: { PAYPAL: string };
}
