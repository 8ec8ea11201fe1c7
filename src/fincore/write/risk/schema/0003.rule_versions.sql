-- The risk rules: every version of them as it was written, and what was done with each. Both are added to and never changed.
create schema if not exists risk;
grant usage on schema risk to fincore_service;

create table risk.rule_versions (
    version    bigint      primary key check (version > 0),
    text       text        not null check (length(text) <= 524288),
    drafted_at timestamptz not null default now(),
    drafted_by text        not null check (length(drafted_by) between 1 and 500),
    reason     text        not null check (length(reason) between 1 and 500)
);

create table risk.rule_set_changes (
    change     bigint      generated always as identity primary key,
    version    bigint      not null references risk.rule_versions,
    from_state text        not null,
    to_state   text        not null,
    changed_at timestamptz not null default now(),
    changed_by text        not null check (length(changed_by) between 1 and 500),
    reason     text        not null check (length(reason) between 1 and 500),
    constraint rule_set_changes_follow_the_order check (
        (from_state, to_state) in (
            ('draft', 'shadow'), ('shadow', 'live'), ('shadow', 'retired'), ('live', 'retired'), ('retired', 'shadow'),
            ('retired', 'live')
        )
    )
);
create index rule_set_changes_by_version on risk.rule_set_changes (version);

-- The state of each version that is no draft any more: what the last of its changes says.
create table risk.rule_set_states (
    version bigint primary key references risk.rule_versions,
    state   text   not null check (state in ('shadow', 'live', 'retired'))
);
create unique index one_version_is_live on risk.rule_set_states (state) where state = 'live';

create function risk.apply_rule_set_change() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
    present text;
begin
    -- One change at a time: each is made from what the one before left.
    lock table risk.rule_set_states in share row exclusive mode;
    select coalesce((select state from risk.rule_set_states where version = new.version), 'draft') into present;
    if present <> new.from_state then
        raise exception 'version % of the risk rules is %, not %', new.version, present, new.from_state
            using errcode = 'restrict_violation', hint = 'look at it again';
    end if;
    if new.to_state = 'shadow' and (select count(*) from risk.rule_set_states where state = 'shadow') >= 3 then
        raise exception 'three versions of the risk rules are in shadow' using errcode = 'program_limit_exceeded';
    end if;
    insert into risk.rule_set_states (version, state) values (new.version, new.to_state)
    on conflict (version) do update set state = excluded.state;
    return new;
end
$$;
create trigger rule_set_changes_count before insert on risk.rule_set_changes
    for each row execute function risk.apply_rule_set_change();

create function risk.refuse_rule_change() returns trigger language plpgsql as $$
begin
    raise exception 'risk rules explain decisions about charges: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'add a further version or change';
end
$$;
create trigger rule_versions_are_never_changed before update or delete on risk.rule_versions
    for each row execute function risk.refuse_rule_change();
create trigger rule_versions_are_never_truncated before truncate on risk.rule_versions
    for each statement execute function risk.refuse_rule_change();
create trigger rule_set_changes_are_never_changed before update or delete on risk.rule_set_changes
    for each row execute function risk.refuse_rule_change();
create trigger rule_set_changes_are_never_truncated before truncate on risk.rule_set_changes
    for each statement execute function risk.refuse_rule_change();

grant select, insert on risk.rule_versions, risk.rule_set_changes to fincore_service;
grant select on risk.rule_set_states to fincore_service;
