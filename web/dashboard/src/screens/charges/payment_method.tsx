import type { ChargeSummary } from "../../api/types";

const BRANDS: Readonly<Record<string, string>> = {
  visa: "Visa",
  mastercard: "Mastercard",
  amex: "Amex",
  discover: "Discover",
  diners: "Diners Club",
  jcb: "JCB",
  unionpay: "UnionPay",
};

export const BRAND_NAMES: readonly (readonly [string, string])[] = Object.entries(BRANDS);

type Facts = Pick<ChargeSummary, "payment_method_type" | "brand" | "last4">;

/** With what the customer pays, in a few words: `Visa •••• 4242`, `PayPal`. */
export function PaymentMethod({ of: { payment_method_type: type, brand, last4 } }: { of: Facts }) {
  if (type === "paypal") return <span>PayPal</span>;
  if (last4 === null) return <span className="quiet">—</span>;
  return (
    <span className="nowrap">
      {BRANDS[brand ?? ""] ?? brand} <span aria-hidden="true">••••</span> {last4}
    </span>
  );
}
