-- name: moved_entry
-- The last run, where the last entry that it saw has another event now, or is gone.
select r.run_id, r.last_entry_id
from (select run_id, last_entry_id, last_event_id from reconciliation.runs order by run_no desc limit 1) r
left join ledgerdb.entries e on e.entry_id = r.last_entry_id
where e.event_id is distinct from r.last_event_id;

-- name: booked_matches
-- The matches that the ledger has booked since the last run looked.
select entry_id, event_id, stream_id
from ledgerdb.entries
where kind in ('settlement_file.matched', 'settlement_file.converted') and source = 'event'
  and entry_id > coalesce((select last_entry_id from reconciliation.runs order by run_no desc limit 1), 0)
order by entry_id;

-- name: known_matches
-- What the runs of this database matched of the files $1: each row is one event.
select r.run_id, t.file_id, t.kind, t.currency, t.charge_currency
from (
    select run_no, file_id, kind, currency, null as charge_currency from reconciliation.matched_totals
    union all
    select run_no, file_id, kind, currency, charge_currency from reconciliation.converted_totals
) t
join reconciliation.runs r using (run_no)
where t.file_id = any ($1::text[]);

-- name: unbooked_adjustments
-- Whether a person adjusted something, or took that back, and the ledger has not booked it.
select exists (
    select
    from (
        select event_id from reconciliation.adjustments
        union all
        select event_id from reconciliation.adjustment_reversals
    ) d
    where not exists (select from ledgerdb.entries e where e.event_id = d.event_id)
);
