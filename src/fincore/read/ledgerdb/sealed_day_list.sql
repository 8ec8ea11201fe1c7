-- name: list_days
-- The sealed days, the latest first, $1 at most, before the day $2 where that is given.
select day, first_entry_id, last_entry_id, entries, postings, sums, manifest_hash, previous_hash, sealed_at
from ledgerdb.sealed_days
where $2::date is null or day < $2
order by day desc
limit $1;
