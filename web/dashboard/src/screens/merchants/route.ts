import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";

const FORMS = { name: /^[^\p{Cc}]{1,200}$/u };

export const merchantsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "merchants",
  staticData: { permission: "merchants.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./merchants_screen"), "MerchantsScreen"),
});
