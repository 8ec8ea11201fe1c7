import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { STATUSES } from "./statuses";

const FORMS = { status: oneOf(STATUSES.en), merchant: /^mer_\w{1,64}$/ };

export const disputesRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "disputes",
  staticData: { permission: "payments.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./disputes_screen"), "DisputesScreen"),
});
