import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const installationRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "installation",
  staticData: { permission: "installation.read" },
  component: lazyRouteComponent(() => import("./installation_screen"), "InstallationScreen"),
});
