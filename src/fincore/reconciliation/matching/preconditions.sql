-- name: booked_matches
-- The matches that the ledger has booked since the last run looked.
select entry_id, event_id, stream_id
from ledgerdb.entries
where kind = 'settlement_file.matched' and source = 'event'
  and entry_id > coalesce((select last_entry_id from reconciliation.runs order by run_no desc limit 1), 0)
order by entry_id;

-- name: known_matches
-- What the runs of this database matched of the files $1: each row is one event.
select r.run_id, t.file_id, t.kind, t.currency
from reconciliation.matched_totals t
join reconciliation.runs r using (run_no)
where t.file_id = any ($1::text[]);
