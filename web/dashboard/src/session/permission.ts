// What the person may do: the server decides each time, this only keeps from showing what it would refuse.

import { createContext, use } from "react";
import type { Me, Permission } from "../api/types";

export type { Permission };
export type Mode = keyof Me["permissions"];

export const MODES: readonly Mode[] = ["test", "live"];

/** Whether the person has the permission in the mode, for some merchant at least. */
export function may(me: Me, permission: Permission, mode: Mode): boolean {
  return me.permissions[mode].includes(permission);
}

export function modesOf(me: Me): readonly Mode[] {
  return MODES.filter((mode) => me.permissions[mode].length > 0);
}

export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = use(MeContext);
  if (!me) throw new Error("useMe outside of a login");
  return me;
}

/** Whether the person has a permission in a mode. */
export function useMay(permission: Permission, mode: Mode): boolean {
  return may(useMe(), permission, mode);
}
