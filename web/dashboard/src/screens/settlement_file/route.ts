import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { modeRoute } from "../../shell/routes";

export const settlementFileRoute = createRoute({
  getParentRoute: () => modeRoute,
  path: "settlement_files/$fileId",
  staticData: { permission: "books.read" },
  component: lazyRouteComponent(() => import("./settlement_file_screen"), "SettlementFileScreen"),
});
