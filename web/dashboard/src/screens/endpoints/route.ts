import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { CONDITIONS } from "./statuses";

const FORMS = { condition: oneOf(CONDITIONS.en), merchant: /^mer_\w{1,64}$/ };

export const endpointsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "endpoints",
  staticData: { permission: "merchants.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./endpoints_screen"), "EndpointsScreen"),
});
