import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { filtersOf, oneOf } from "../../parts/list_filters";
import { modeRoute } from "../../shell/routes";
import { KINDS } from "./kinds";

const FORMS = { kind: oneOf(KINDS.en) };

export const deadLettersRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "dead_letters",
  staticData: { permission: "jobs.read" },
  validateSearch: (search: Readonly<Record<string, unknown>>) => filtersOf(search, FORMS),
  component: lazyRouteComponent(() => import("./dead_letters_screen"), "DeadLettersScreen"),
});
