import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";

const FORMS = { object: /^[A-Za-z0-9_.:-]{1,255}$/, without_mode: /^true$/ };

export const auditTrailRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "audit_trail",
  staticData: { permission: "audit.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./audit_trail_screen"), "AuditTrailScreen"),
});
