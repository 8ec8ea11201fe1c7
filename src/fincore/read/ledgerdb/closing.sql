-- name: take_turn
-- No session books while a period is being closed: a later booking sees the closed period.
select from ledgerdb.checkpoints where consumer = 'ledger' for update;

-- name: close_period
-- A month is closed, by its first day, and all before it.
insert into ledgerdb.closed_periods (period, closed_by, last_entry_id)
select $1, $2, coalesce(max(entry_id), 0) from ledgerdb.entries
returning last_entry_id;

-- name: closed_periods
-- The closed months, the latest first, with what came too late for each.
select c.period, c.closed_at, c.closed_by, c.last_entry_id,
    (select count(*) from ledgerdb.entries e where e.late_for = c.period) as late_entries
from ledgerdb.closed_periods c
order by c.period desc;
