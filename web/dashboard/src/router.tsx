// Every screen by its path. A screen's folder has its route, and the list here is where it is added.

import { createRouter } from "@tanstack/react-router";
import { adjustmentsRoute } from "./screens/adjustments/route";
import { auditTrailRoute } from "./screens/audit_trail/route";
import { breakRoute } from "./screens/break/route";
import { breaksRoute } from "./screens/breaks/route";
import { chargeRoute } from "./screens/charge/route";
import { chargesRoute } from "./screens/charges/route";
import { dayRoute } from "./screens/day/route";
import { daysRoute } from "./screens/days/route";
import { deadLetterRoute } from "./screens/dead_letter/route";
import { deadLettersRoute } from "./screens/dead_letters/route";
import { deliveriesRoute } from "./screens/deliveries/route";
import { deliveryRoute } from "./screens/delivery/route";
import { disputesRoute } from "./screens/disputes/route";
import { endpointRoute } from "./screens/endpoint/route";
import { endpointsRoute } from "./screens/endpoints/route";
import { heldReportsRoute } from "./screens/held_reports/route";
import { homeRoute } from "./screens/home/route";
import { installationRoute } from "./screens/installation/route";
import { ledgerAccountRoute } from "./screens/ledger_account/route";
import { ledgerAccountsRoute } from "./screens/ledger_accounts/route";
import { ledgerEntriesRoute } from "./screens/ledger_entries/route";
import { ledgerEntryRoute } from "./screens/ledger_entry/route";
import { merchantRoute } from "./screens/merchant/route";
import { merchantsRoute } from "./screens/merchants/route";
import { peopleRoute } from "./screens/people/route";
import { proposalsRoute } from "./screens/proposals/route";
import { refundsRoute } from "./screens/refunds/route";
import { pspAccountsRoute } from "./screens/psp_accounts/route";
import { reviewsRoute } from "./screens/reviews/route";
import { riskListRoute } from "./screens/risk_list/route";
import { riskListsRoute } from "./screens/risk_lists/route";
import { riskRulesRoute } from "./screens/risk_rules/route";
import { riskVersionRoute } from "./screens/risk_version/route";
import { routingRoute } from "./screens/routing/route";
import { routingVersionRoute } from "./screens/routing_version/route";
import { runRoute } from "./screens/run/route";
import { runsRoute } from "./screens/runs/route";
import { sealedDayRoute } from "./screens/sealed_day/route";
import { sealedDaysRoute } from "./screens/sealed_days/route";
import { settlementFileRoute } from "./screens/settlement_file/route";
import { settlementFilesRoute } from "./screens/settlement_files/route";
import { suspenseRoute } from "./screens/suspense/route";
import { trialBalanceRoute } from "./screens/trial_balance/route";
import { unclearedRoute } from "./screens/uncleared/route";
import { unknownOutcomesRoute } from "./screens/unknown_outcomes/route";
import { Failure } from "./shell/failure";
import { NoScreen } from "./shell/no_screen";
import { modeRoute, rootRoute, startRoute } from "./shell/routes";

const screens = modeRoute.addChildren([
  homeRoute,
  chargesRoute,
  chargeRoute,
  proposalsRoute,
  refundsRoute,
  disputesRoute,
  unknownOutcomesRoute,
  reviewsRoute,
  heldReportsRoute,
  breaksRoute,
  breakRoute,
  runsRoute,
  runRoute,
  daysRoute,
  dayRoute,
  settlementFilesRoute,
  settlementFileRoute,
  unclearedRoute,
  adjustmentsRoute,
  ledgerAccountsRoute,
  ledgerAccountRoute,
  ledgerEntriesRoute,
  ledgerEntryRoute,
  trialBalanceRoute,
  sealedDaysRoute,
  sealedDayRoute,
  suspenseRoute,
  deadLettersRoute,
  deadLetterRoute,
  deliveriesRoute,
  deliveryRoute,
  endpointsRoute,
  endpointRoute,
  merchantsRoute,
  merchantRoute,
  peopleRoute,
  pspAccountsRoute,
  routingRoute,
  routingVersionRoute,
  riskRulesRoute,
  riskVersionRoute,
  riskListsRoute,
  riskListRoute,
  installationRoute,
  auditTrailRoute,
]);

export const router = createRouter({
  routeTree: rootRoute.addChildren([startRoute, screens]),
  defaultErrorComponent: Failure,
  defaultNotFoundComponent: NoScreen,
  search: { strict: true },
  // Filters stand in addresses as they are, each a text.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const set = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
    const query = new URLSearchParams(set as [string, string][]).toString();
    return query && `?${query}`;
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
