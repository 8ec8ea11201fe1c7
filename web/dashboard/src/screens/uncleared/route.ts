import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { ITEM_KINDS } from "./kinds";

const FORMS = {
  account: /^[a-z0-9_-]{1,64}\/[a-z0-9_-]{1,64}$/,
  currency: /^[a-z]{3}$/,
  kind: oneOf(ITEM_KINDS.en),
  min_days: /^\d{1,4}$/,
  max_days: /^\d{1,4}$/,
};

export const unclearedRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "uncleared",
  staticData: { permission: "books.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./uncleared_screen"), "UnclearedScreen"),
});
