-- name: live_version
-- The number of the live version; null where no rules were ever set.
select max(version) from routing.rule_versions;

-- name: read_version
-- One version.
select version, text, set_at, set_by, reason from routing.rule_versions where version = $1;

-- name: list_versions
-- The latest versions, newest first.
select version, text, set_at, set_by, reason from routing.rule_versions order by version desc limit $1;

-- name: add_version
-- A further version, which is live from now on. No row comes back where the live version is another than the writer saw.
insert into routing.rule_versions (version, text, set_by, reason)
select $1::bigint + 1, $2, $3, $4
where (select coalesce(max(version), 0) from routing.rule_versions) = $1
on conflict (version) do nothing
returning version;
