import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const pspAccountsRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "psp_accounts",
  staticData: { permission: "routes.read" },
  component: lazyRouteComponent(() => import("./psp_accounts_screen"), "PspAccountsScreen"),
});
