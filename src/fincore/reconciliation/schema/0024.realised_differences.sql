-- What lines that settle payments of another currency gained or lost by the rate, in minor units of their own currency. All of an account and
-- pair of currencies together are its position.
alter table reconciliation.converted_totals add column realised_minor bigint not null default 0;
