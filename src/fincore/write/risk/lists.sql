-- name: create_list
-- A list, unless there is one of its name.
insert into risk.lists (name, kind, created_by, reason) values ($1, $2, $3, $4) on conflict (name) do nothing returning name;

-- name: read_lists
-- Every list, with how many entries count now; up to $1, if it is given.
select
    l.name, l.kind, l.created_at, l.created_by, l.reason,
    (
        select count(*)
        from (
            select from risk.list_entries e
            left join risk.list_imports i using (import_id)
            where e.list = l.name and e.removed_at is null and (e.expires_at is null or e.expires_at > now())
              and (e.import_id is null or i.completed_at is not null)
            limit $1
        ) counted
    ) as entries
from risk.lists l
order by l.name;

-- name: read_kinds
-- Which values each list holds.
select name, kind from risk.lists;

-- name: read_entries
-- The entries of a list after one of them, in the order in which they were added; those that count no more only where asked for.
select
    e.entry_id, e.value, e.merchant_id, e.expires_at, e.added_at, e.added_by, e.reason, e.removed_at, e.removed_by, e.removal_reason
from risk.list_entries e
left join risk.list_imports i using (import_id)
where e.list = $1 and e.entry_id > $2
  and ($3 or (e.removed_at is null and (e.expires_at is null or e.expires_at > now())))
  and (e.import_id is null or i.completed_at is not null)
order by e.entry_id
limit $4;

-- name: find_entries
-- The entries that count now and match one of some values, each given with its kind, or that are networks which hold an address.
with matching as (
    select e.entry_id
    from unnest($1::text[], $2::text[]) as t (kind, value)
    join risk.lists l on l.kind = t.kind
    join risk.list_entries e on e.list = l.name and e.value = t.value and e.removed_at is null
    union
    select e.entry_id
    from unnest($3::text[]) as t (address)
    join risk.list_entries e on e.network >>= t.address::inet and e.network is not null and e.removed_at is null
)
select
    e.entry_id, e.list, e.value, e.merchant_id, e.expires_at, e.added_at, e.added_by, e.reason, e.removed_at, e.removed_by,
    e.removal_reason
from matching
join risk.list_entries e using (entry_id)
left join risk.list_imports i using (import_id)
where (e.expires_at is null or e.expires_at > now()) and (e.import_id is null or i.completed_at is not null)
order by e.list, e.entry_id
limit $4;

-- name: add_entry
-- Add an entry to a list, in the place of one for the same value and merchant.
with list as (
    select name, kind from risk.lists where name = $1
),
replaced as (
    update risk.list_entries e
    set removed_at = now(), removed_by = $6, removal_reason = 'a further entry took its place'
    from list
    where e.list = list.name and e.value = $2 and e.merchant_id is not distinct from $3 and e.removed_at is null
    returning e.entry_id
)
insert into risk.list_entries (list, kind, value, network, merchant_id, expires_at, added_by, reason)
select name, kind, $2, $7::text::cidr, $3, $4, $6, $5
from list, (select count(*) from replaced) as after_removal;

-- name: has_entry
-- Whether an entry for all merchants, or for the one that is given, counts now and does not expire.
select exists (
    select from risk.list_entries e
    left join risk.list_imports i using (import_id)
    where e.list = $1 and e.value = $2 and (e.merchant_id is null or e.merchant_id = $3) and e.removed_at is null and e.expires_at is null
      and (e.import_id is null or i.completed_at is not null)
);

-- name: has_longer_entry
-- Whether an entry for the value and merchant counts now, and beyond $4.
select exists (
    select from risk.list_entries e
    left join risk.list_imports i using (import_id)
    where e.list = $1 and e.value = $2 and e.merchant_id is not distinct from $3 and e.removed_at is null
      and (e.expires_at is null or e.expires_at > greatest(now(), $4::timestamptz)) and (e.import_id is null or i.completed_at is not null)
);

-- name: remove_entries
-- Remove a value from a list: what was added for one merchant, or for all of them.
with removed as (
    update risk.list_entries e
    set removed_at = now(), removed_by = $4, removal_reason = $5
    where e.list = $1 and e.value = $2 and e.merchant_id is not distinct from $3 and e.removed_at is null
    returning 1
)
select count(*) from removed;

-- name: begin_import
-- Note that a file is being imported.
insert into risk.list_imports (list, file_sha256, started_by, reason) values ($1, $2, $3, $4) returning import_id;

-- name: import_entries
-- Some entries of a file. They count once the import is completed; what counts already and lasts as long is left as it is. Each is looked
-- for by itself, in the index: what the planner knows of the table is from before the import.
insert into risk.list_entries (list, kind, value, network, merchant_id, expires_at, import_id, added_by, reason)
select $1, $2, t.value, t.network::cidr, t.merchant_id, t.expires_at, $3, $4, t.reason
from unnest($5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[]) as t (value, network, merchant_id, expires_at, reason)
left join lateral (
    select true as is_listed
    from risk.list_entries e
    where e.list = $1 and e.value = t.value and e.merchant_id is not distinct from t.merchant_id and e.removed_at is null
      and (e.expires_at is null or (e.expires_at > now() and e.expires_at >= t.expires_at))
      and (e.import_id is null or e.import_id = $3
           or exists (select from risk.list_imports i where i.import_id = e.import_id and i.completed_at is not null))
    limit 1
) as already on true
where already.is_listed is null;

-- name: find_by_index
-- Let the transaction look rows up by an index, however few there were when they were counted last.
set local enable_seqscan = off;

-- name: complete_import
-- Let the entries of an import count.
update risk.list_imports set completed_at = now() where import_id = $1 and completed_at is null returning import_id;

-- name: abandoned_imports
-- Imports that were never completed and are no longer under way.
select import_id from risk.list_imports
where list = $1 and completed_at is null and started_at < now() - $2::interval;

-- name: drop_abandoned_entries
-- Delete entries of an import that never counted, a bounded number at a time.
with old as (
    select entry_id from risk.list_entries where import_id = $1 limit $2
)
delete from risk.list_entries e using old where e.entry_id = old.entry_id;

-- name: drop_abandoned_import
-- Forget an import that left no entries.
delete from risk.list_imports i
where import_id = $1 and completed_at is null and not exists (select from risk.list_entries e where e.import_id = i.import_id);

-- name: held_then
-- Which of some values a list held for a merchant at a time, by their numbers: also by entries that were removed since. Values and
-- addresses come apart, as each is found by an index of its own.
select t.no
from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) as t (no, list, value, merchant_id, at)
where exists (
    select from risk.list_entries_in_time e
    where e.list = t.list and e.value = t.value and e.removed_at is null
      and (e.merchant_id is null or e.merchant_id = t.merchant_id)
      and e.counts_from <= t.at and (e.expires_at is null or e.expires_at > t.at)
) or exists (
    select from risk.list_entries_in_time e
    where e.list = t.list and e.value = t.value and e.removed_at is not null and e.removed_at > t.at
      and (e.merchant_id is null or e.merchant_id = t.merchant_id)
      and e.counts_from <= t.at and (e.expires_at is null or e.expires_at > t.at)
)
union all
select t.no
from unnest($6::int[], $7::text[], $8::text[], $9::text[], $10::timestamptz[]) as t (no, list, address, merchant_id, at)
where exists (
    select from risk.list_entries_in_time e
    where e.list = t.list and e.network >>= t.address::inet and e.network is not null and e.removed_at is null
      and (e.merchant_id is null or e.merchant_id = t.merchant_id)
      and e.counts_from <= t.at and (e.expires_at is null or e.expires_at > t.at)
) or exists (
    select from risk.list_entries_in_time e
    where e.list = t.list and e.network >>= t.address::inet and e.network is not null and e.removed_at is not null and e.removed_at > t.at
      and (e.merchant_id is null or e.merchant_id = t.merchant_id)
      and e.counts_from <= t.at and (e.expires_at is null or e.expires_at > t.at)
);
