import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { DAY } from "../../time/days";

const FORMS = { currency: /^[a-z]{3}$/, at: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/, day: DAY, entry: /^[1-9]\d{0,17}$/ };

export const trialBalanceRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "trial_balance",
  staticData: { permission: "books.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./trial_balance_screen"), "TrialBalanceScreen"),
});
