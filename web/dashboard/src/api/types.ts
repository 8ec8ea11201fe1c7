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
export type PspCall = Schemas["StaffPspCall"];
export type Wait = Schemas["StaffWait"];
export type HeldReport = Schemas["StaffHeldReport"];
export type HeldReportRow = Schemas["StaffHeldReportRow"];
export type Need = Schemas["StaffNeed"];

export type Break = Schemas["StaffBreak"];
export type BreakRecord = Schemas["StaffBreakRecord"];
export type BreakAction = Schemas["StaffBreakAction"];
export type Adjustment = Schemas["StaffAdjustment"];
export type Run = Schemas["StaffRun"];
export type RunReport = Schemas["StaffRunReport"];
export type AgeSum = Schemas["StaffAgeSum"];
export type DeadLetter = Schemas["StaffDeadLetter"];
export type WebhookEndpoint = Schemas["StaffWebhookEndpoint"];
export type WebhookDelivery = Schemas["StaffWebhookDelivery"];
export type Dispute = Schemas["StaffDispute"];
export type UnknownOutcome = Schemas["StaffUnknownOutcome"];
export type LedgerAccount = Schemas["StaffLedgerAccount"];
export type Posting = Schemas["StaffPosting"];
export type StaffAct = Schemas["StaffAct"];
export type Member = Schemas["StaffMember"];
export type DeadLetterDetail = Schemas["StaffDeadLetterDetail"];
export type ParkedStream = Schemas["StaffParkedStream"];
export type WebhookDeliveryDetail = Schemas["StaffWebhookDeliveryDetail"];
export type SettlementFile = Schemas["StaffSettlementFile"];
export type SettlementFileRecord = Schemas["StaffSettlementFileRecord"];
export type SettlementSource = Schemas["StaffSource"];
export type SealedReport = Schemas["StaffReconciliationDay"];
export type DayReport = Schemas["StaffDayReport"];
export type UnclearedItem = Schemas["StaffUnclearedItem"];
export type UnclearedAmount = Schemas["StaffUnclearedAmount"];
export type UnclearedMoney = Schemas["StaffUnclearedMoney"];
export type BreakSum = Schemas["StaffReportedBreaks"];
export type LedgerEntry = Schemas["StaffLedgerEntry"];
export type Statement = Schemas["StaffStatement"];
export type TrialBalance = Schemas["StaffTrialBalance"];
export type SealedDay = Schemas["StaffSealedDay"];
export type DayVerification = Schemas["StaffDayVerification"];
export type SuspenseItem = Schemas["StaffSuspenseItem"];
export type Merchant = Schemas["StaffMerchant"];
export type ApiKey = Schemas["StaffApiKey"];
export type FeePlan = Schemas["StaffFeePlan"];
export type Origin = Schemas["StaffOrigin"];
export type BreakExport = Schemas["StaffBreakExport"];
export type RefundRow = Schemas["StaffRefund"];
export type PspAccount = Schemas["StaffPspAccount"];
export type Installation = Schemas["StaffInstallation"];
export type RoutingVersion = Schemas["StaffRoutingVersion"];
export type RuleFlaw = Schemas["StaffRuleFlaw"];
export type RulesDifference = Schemas["StaffRulesDifference"];
export type RiskVersion = Schemas["StaffRiskVersion"];
export type RiskRules = Schemas["StaffRiskRules"];
export type RiskBackTest = Schemas["StaffRiskBackTest"];
export type RiskList = Schemas["StaffRiskList"];
export type RiskEntry = Schemas["StaffRiskEntry"];
export type RiskVersions = Schemas["StaffRiskVersionList"];
export type Home = Schemas["StaffHome"];
export type Rates = Schemas["StaffRates"];
