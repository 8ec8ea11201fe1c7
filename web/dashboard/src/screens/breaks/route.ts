import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { CLASSES, STATUSES } from "./classes";

const FORMS = {
  class: oneOf(CLASSES.en),
  status: oneOf(STATUSES.en),
  account: /^[a-z0-9_/-]{1,129}$/,
  min_days: /^\d{1,4}$/,
  charge: /^ch_[0-7][0-9a-hjkmnp-tv-z]{25}$/,
  unowned: /^true$/,
  closed: /^true$/,
};

export const breaksRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "breaks",
  staticData: { permission: "books.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./breaks_screen"), "BreaksScreen"),
});
