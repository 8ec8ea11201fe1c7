-- Lists of staff: which values are blocked or allowed, who said so and why. An entry is never changed but for its removal, so that
-- the lists of any earlier moment can be told.
create table risk.lists (
    name        text        collate "C" primary key check (name ~ '^[a-z0-9][a-z0-9_]{0,59}$'),
    kind        text        not null check (kind in (
        'email', 'email_domain', 'ip', 'card_fingerprint', 'bin', 'country', 'customer', 'device'
    )),
    created_at  timestamptz not null default now(),
    created_by  text        not null check (length(created_by) between 1 and 500),
    reason      text        not null check (length(reason) between 1 and 500)
);

-- The entries of one imported file. They count from `completed_at` on, all at once.
create table risk.list_imports (
    import_id    bigint      generated always as identity primary key,
    list         text        collate "C" not null references risk.lists,
    file_sha256  bytea       not null check (octet_length(file_sha256) = 32),
    started_at   timestamptz not null default now(),
    started_by   text        not null check (length(started_by) between 1 and 500),
    reason       text        not null check (length(reason) between 1 and 500),
    completed_at timestamptz
);

create table risk.list_entries (
    entry_id       bigint      generated always as identity primary key,
    list           text        collate "C" not null,
    kind           text        not null,
    value          text        collate "C" not null check (length(value) between 1 and 500),
    -- Of lists of addresses: the value as a network. One with bits right of its mask is no network.
    network        cidr,
    -- Only charges of this merchant; null: of all.
    merchant_id    text        collate "C",
    import_id      bigint,
    expires_at     timestamptz,
    added_at       timestamptz not null default now(),
    added_by       text        not null check (length(added_by) between 1 and 500),
    reason         text        not null check (length(reason) between 1 and 500),
    removed_at     timestamptz,
    removed_by     text        check (length(removed_by) between 1 and 500),
    removal_reason text        check (length(removal_reason) between 1 and 500),
    constraint list_entries_of_addresses_are_networks check ((kind = 'ip') = (network is not null)),
    constraint list_entries_are_removed_for_a_reason
        check ((removed_at is null) = (removed_by is null) and (removed_at is null) = (removal_reason is null))
);
-- Of a value that is asked for: an address is looked for among networks, and never by reading this index through.
create index list_entries_by_value on risk.list_entries (list, value) where removed_at is null and value is not null;
create index list_entries_by_network on risk.list_entries using spgist (network) where removed_at is null and network is not null;
-- What was listed at an earlier time: entries that were removed since.
create index list_entries_removed_by_value on risk.list_entries (list, value) where removed_at is not null;
create index list_entries_removed_by_network on risk.list_entries using spgist (network)
    where removed_at is not null and network is not null;
create index list_entries_by_import on risk.list_entries (import_id) where import_id is not null;

-- Entries are of a list and its kind, and of an import. Foreign keys would look both up for every entry, which is half the time of an
-- import of a million; here each is looked up once a statement, and the import is locked against its deletion.
create function risk.refuse_entry_of_nothing() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct list, kind from added) a
        where not exists (select from risk.lists l where l.name = a.list and l.kind = a.kind)
    ) then
        raise exception 'an entry is of no list of its kind' using errcode = 'foreign_key_violation';
    end if;
    perform from risk.list_imports i where i.import_id in (select import_id from added) for key share;
    if exists (
        select from (select distinct import_id, list from added where import_id is not null) a
        where not exists (select from risk.list_imports i where i.import_id = a.import_id and i.list = a.list)
    ) then
        raise exception 'an entry is of no import into its list'
            using errcode = 'foreign_key_violation', hint = 'begin the import anew';
    end if;
    return null;
end
$$;
create trigger list_entries_are_of_a_list
    after insert on risk.list_entries
    referencing new table as added
    for each statement execute function risk.refuse_entry_of_nothing();

-- Entries with the time from which on each counts: those of a file from the end of its import on, null where it has none.
create view risk.list_entries_in_time as
select
    e.list, e.value, e.network, e.merchant_id, e.expires_at, e.removed_at,
    case when e.import_id is null then e.added_at else i.completed_at end as counts_from
from risk.list_entries e
left join risk.list_imports i using (import_id);

create function risk.keep_list_entry() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.removed_at is null and new.removed_at is not null
        and (to_jsonb(new) - array['removed_at', 'removed_by', 'removal_reason'])
          = (to_jsonb(old) - array['removed_at', 'removed_by', 'removal_reason'])
    then
        return new;
    end if;
    if tg_op = 'DELETE' and exists (
        select from risk.list_imports i where i.import_id = old.import_id and i.completed_at is null
    ) then
        return old;
    end if;
    raise exception 'entries of lists explain decisions: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'remove the entry from the list, or add a further one';
end
$$;
create trigger list_entries_are_only_removed
    before update or delete on risk.list_entries
    for each row execute function risk.keep_list_entry();

create function risk.refuse_change_of_lists() returns trigger language plpgsql as $$
begin
    raise exception 'lists explain decisions: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation';
end
$$;
create trigger list_entries_are_never_truncated
    before truncate on risk.list_entries
    for each statement execute function risk.refuse_change_of_lists();
create trigger lists_are_never_changed
    before update or delete or truncate on risk.lists
    for each statement execute function risk.refuse_change_of_lists();

create function risk.keep_list_import() returns trigger language plpgsql as $$
begin
    if exists (select from risk.list_entries e where e.import_id = old.import_id) then
        raise exception 'import % has entries, which count by it: % on %.% is refused', old.import_id, tg_op, tg_table_schema, tg_table_name
            using errcode = 'restrict_violation';
    end if;
    return old;
end
$$;
create trigger list_imports_stay_with_their_entries
    before delete on risk.list_imports
    for each row execute function risk.keep_list_import();

grant select, insert on risk.lists to fincore_service;
grant select on risk.list_entries_in_time to fincore_service;
grant select, insert, delete on risk.list_imports to fincore_service;
grant update (completed_at) on risk.list_imports to fincore_service;
grant select, insert, delete on risk.list_entries to fincore_service;
grant update (removed_at, removed_by, removal_reason) on risk.list_entries to fincore_service;
