import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { DAY } from "../../time/days";
import { STATUSES } from "./statuses";

const FORMS = { status: oneOf(STATUSES.en), merchant: /^mer_\w{1,64}$/, from: DAY, until: DAY };

export const refundsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "refunds",
  staticData: { permission: "payments.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./refunds_screen"), "RefundsScreen"),
});
