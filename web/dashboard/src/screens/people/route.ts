import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const peopleRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "people",
  staticData: { permission: "staff.read" },
  component: lazyRouteComponent(() => import("./people_screen"), "PeopleScreen"),
});
