import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { STATUSES } from "./statuses";

const FORMS = { status: oneOf(STATUSES.en), endpoint: /^we_\w{1,64}$/, charge: /^ch_[0-7][0-9a-hjkmnp-tv-z]{25}$/ };

export const deliveriesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "deliveries",
  staticData: { permission: "deliveries.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./deliveries_screen"), "DeliveriesScreen"),
});
