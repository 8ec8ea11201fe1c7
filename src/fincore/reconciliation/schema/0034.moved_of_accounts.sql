-- What the lines of all files of an account that were read move in and out together, in minor units by currency. A file adds its own
-- when it is read, so that the bound of a further one asks for one row in place of all files.
create table reconciliation.moved_of_accounts (
    livemode    boolean        not null,
    psp         text           collate "C" not null,
    psp_account text           collate "C" not null,
    currency    text           collate "C" not null,
    moved_minor numeric(38, 0) not null check (moved_minor >= 0),
    primary key (livemode, psp, psp_account, currency)
);

insert into reconciliation.moved_of_accounts (livemode, psp, psp_account, currency, moved_minor)
select f.livemode, f.psp, f.psp_account, t.currency, sum(
    (t.computed ->> 'gross_credit_minor')::numeric + (t.computed ->> 'gross_debit_minor')::numeric
    + (t.computed ->> 'fee_credit_minor')::numeric + (t.computed ->> 'fee_debit_minor')::numeric
)
from reconciliation.files f
cross join lateral jsonb_each(f.computed_totals) as t (currency, computed)
where f.status in ('read', 'booked')
group by f.livemode, f.psp, f.psp_account, t.currency;

grant select, insert, update on reconciliation.moved_of_accounts to fincore_service;
