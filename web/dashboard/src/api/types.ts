// The objects of /staff/v1 by the names that the dashboard uses.

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["StaffPerson"];
export type Permission = Me["permissions"]["live"][number];

export type ChargeFilter = Schemas["StaffChargeFilter"];
export type ChargeSummary = Schemas["StaffChargeSummary"];
export type ChargeStatus = Schemas["ChargeStatus"];
export type SearchGroup = Schemas["StaffSearchGroup"];

export type ChargeInFull = Schemas["StaffCharge"];
export type Charge = Schemas["Charge"];
export type ChargeEventType = Schemas["ChargeEventType"];
export type Proposal = Schemas["StaffProposal"];
export type Refund = Schemas["Refund"];
export type TimelineEvent = Schemas["StaffTimelineEvent"];
export type Wait = Schemas["StaffWait"];
export type Need = Schemas["StaffNeed"];
