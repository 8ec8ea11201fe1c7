-- When the last look for what operations are to be told ended well, so that another role can tell that looks fail, hang or are not made.
alter table reconciliation.told add column looked_at timestamptz not null default clock_timestamp();

grant update (looked_at) on reconciliation.told to fincore_service;
