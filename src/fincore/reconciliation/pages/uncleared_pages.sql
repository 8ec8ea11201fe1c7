-- name: list_uncleared
-- Clearing items of the mode $1 without a match in the order of booking, $2 at most, after the place ($3, $4): those that the last run left, and those of
-- entries since.
with last_run as (
    select coalesce(max(last_entry_id), 0) as last_entry_id from reconciliation.runs
),
uncleared as (
    (
        select o.entry_id, o.account_id, bool_or(o.part = 'gross') as is_gross_open, bool_or(o.part = 'fee') as is_fee_open
        from reconciliation.open_items o
        where o.entry_id <= (select last_entry_id from last_run) and (o.entry_id, o.account_id) > ($3::bigint, $4::bigint)
        group by o.entry_id, o.account_id
    )
    union all
    (
        select o.entry_id, o.account_id, true, true
        from ledgerdb.clearing_items o
        where o.entry_id > (select last_entry_id from last_run) and (o.entry_id, o.account_id) > ($3::bigint, $4::bigint)
    )
)
select i.entry_id, i.account_id, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, i.kind, i.psp_reference, i.stream_id,
    case when u.is_gross_open then i.gross_minor else 0 end as gross_minor, case when u.is_fee_open then i.fee_minor else 0 end as fee_minor,
    i.effective_at, e.booked_at, coalesce(c.kind, e.kind) as about,
    greatest(floor(extract(epoch from now() - least(i.effective_at, e.booked_at)) / 86400), 0)::int as days
from uncleared u
join ledgerdb.clearing_items i using (entry_id, account_id)
join ledgerdb.entries e using (entry_id)
join ledgerdb.accounts a using (account_id)
left join ledgerdb.entries c on c.entry_id = e.clears_entry_id
where a.livemode = $1 and (u.is_gross_open and i.gross_minor <> 0 or u.is_fee_open and i.fee_minor <> 0){conditions}
order by u.entry_id, u.account_id
limit $2;

-- name: at_psp
-- Those of accounts at a PSP.
a.owner = {value};

-- name: of_account
-- Those of one account at it.
split_part(a.name, ':', 3) = {value};

-- name: in_currency
-- Those in a currency.
a.currency = {value};

-- name: of_kind
-- Those of a kind.
i.kind = {value};

-- name: aged_at_least
-- Those that are at least so many days old.
least(i.effective_at, e.booked_at) <= now() - make_interval(days => {value}::integer);

-- name: aged_at_most
-- Those that are at most so many days old.
least(i.effective_at, e.booked_at) > now() - make_interval(days => {value}::integer + 1);
