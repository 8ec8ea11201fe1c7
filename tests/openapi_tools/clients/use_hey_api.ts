// A shop's back end with @hey-api/openapi-ts and its fetch client: charges, reads, lists, refunds. Prints what it got.
import { createClient } from "./generated/hey-api/client/index.js";
import {
  createCharge,
  createRefund,
  getCharge,
  listRefunds,
  type Charge,
  type ProblemCode,
  type WebhookMessage,
} from "./generated/hey-api/index.js";

const [baseUrl, key, run] = process.argv.slice(2);
if (baseUrl === undefined || key === undefined || run === undefined) throw new Error("usage: URL KEY RUN");

const client = createClient({ baseUrl, auth: key });

/** What a merchant does with a webhook: compiled here, so that its types are known to fit. */
export function chargeToLookAt(message: WebhookMessage): string | null {
  return message.type === "charge.failed" ? message.data.charge_id : null;
}

function must<T>(data: T | undefined, error: unknown): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

const created = await createCharge({
  client,
  headers: { "Idempotency-Key": `${run}-charge`, Prefer: "wait=20" },
  body: { amount_minor: 1999, currency: "eur", payment_method: "pm_card_visa", metadata: { run } },
});
const charge: Charge = must(created.data, created.error);

const read = await getCharge({ client, path: { charge_id: charge.id } });
const timeline = must(read.data, read.error).timeline ?? [];

const refunded = await createRefund({
  client,
  headers: { "Idempotency-Key": `${run}-refund`, Prefer: "wait=20" },
  body: { charge: charge.id, amount_minor: 500, reason: "duplicate" },
});
const refund = must(refunded.data, refunded.error);

/** Lists follow what was written by a moment. */
async function listedRefunds(): Promise<number> {
  for (;;) {
    const listed = await listRefunds({ client, query: { charge: charge.id, limit: 10 } });
    const page = must(listed.data, listed.error);
    if (page.data.length > 0) return page.data.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const listed = await listedRefunds();

const declined = await createCharge({
  client,
  headers: { "Idempotency-Key": `${run}-declined`, Prefer: "wait=20" },
  body: { amount_minor: 1999, currency: "eur", payment_method: "pm_card_chargeDeclined" },
});
const problem: ProblemCode | null = declined.error?.code ?? null;

console.log(
  JSON.stringify({
    charge: charge.id,
    psp_reference: charge.psp_reference,
    status: charge.status,
    first_event: timeline[0]?.type ?? null,
    refund: refund.id,
    refund_status: refund.status,
    listed,
    problem,
  }),
);
