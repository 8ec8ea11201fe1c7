-- name: versions_in_force
-- The versions that are live or in shadow.
select version, state from risk.rule_set_states where state in ('live', 'shadow') order by version;

-- name: read_version
-- One version and its state.
select version, text, coalesce(state, 'draft') as state, drafted_at, drafted_by, reason
from risk.rule_versions left join risk.rule_set_states using (version)
where version = $1;

-- name: list_versions
-- The latest versions, newest first, without their texts.
select version, '' as text, coalesce(state, 'draft') as state, drafted_at, drafted_by, reason
from risk.rule_versions left join risk.rule_set_states using (version)
order by version desc limit $1;

-- name: list_changes
-- The latest changes of all versions, newest first.
select version, from_state, to_state, changed_at, changed_by, reason
from risk.rule_set_changes order by change desc limit $1;

-- name: list_kinds
-- The lists that rules may ask, and what each holds.
select name, kind from risk.lists;

-- name: add_version
-- A further version. No row comes back where another took the number.
insert into risk.rule_versions (version, text, drafted_by, reason)
select coalesce(max(version), 0) + 1, $1, $2, $3 from risk.rule_versions
on conflict (version) do nothing
returning version;

-- name: add_changes
-- Changes of states, in the order given; all or none.
insert into risk.rule_set_changes (version, from_state, to_state, changed_by, reason)
select version, from_state, to_state, $4, reason
from unnest($1::bigint[], $2::text[], $3::text[], $5::text[]) with ordinality
    as change (version, from_state, to_state, reason, place)
order by place;
