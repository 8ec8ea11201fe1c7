// The objects of /staff/v1 by the names that the dashboard uses.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["StaffPerson"];
export type Permission = Me["permissions"]["live"][number];

export type ChargeFilter = Schemas["StaffChargeFilter"];
export type ChargeSummary = Schemas["StaffChargeSummary"];
export type ChargeStatus = Schemas["ChargeStatus"];
export type SearchGroup = Schemas["StaffSearchGroup"];
