-- What people decided about settlement files: to read one again, to read one that waits, or that one must not be booked.

alter table reconciliation.files
    -- The account's id that a person said the file may state; null: that of its source.
    add column expected_account_id text collate "C" check (length(expected_account_id) between 1 and 100),
    -- Whether a person said that it is to be read although a file of its name is booked.
    add column is_released boolean not null default false,
    -- The last decision about it.
    add column decision_no bigint,
    drop constraint files_status_check,
    add constraint files_have_a_status check (status in ('kept', 'refused', 'read', 'booked', 'dismissed')),
    drop constraint files_are_refused_for_a_reason,
    add constraint files_are_refused_for_a_reason
        check (case status when 'refused' then refusal is not null when 'dismissed' then true else refusal is null end);

create table reconciliation.file_actions (
    decision_no      bigint      generated always as identity primary key,
    file_id          text        collate "C" not null references reconciliation.files,
    action           text        collate "C" not null check (action in ('read_again', 'release', 'dismiss')),
    status_before    text        collate "C" not null,
    status           text        collate "C" not null,
    -- `operator:NAME`.
    actor            text        not null check (length(actor) between 1 and 600),
    reason           text        not null check (length(reason) between 1 and 1000),
    -- What a file is read as from now on: its format, and the account's id that it may state; as before where null.
    format           text        collate "C" check (format ~ '^[a-z][a-z0-9_]{0,63}$'),
    account_id       text        collate "C" check (length(account_id) between 1 and 100),
    -- As what it was read, and why it was refused.
    format_before    text        collate "C" not null,
    refusal_line     bigint,
    refusal          text,
    acted_at         timestamptz not null default clock_timestamp(),
    constraint file_actions_lead_somewhere check ((action, status_before, status) in (
        ('read_again', 'refused', 'kept'), ('release', 'kept', 'kept'), ('release', 'dismissed', 'kept'),
        ('dismiss', 'kept', 'dismissed'), ('dismiss', 'refused', 'dismissed')
    )),
    constraint file_actions_read_as_something_else check (action = 'read_again' or num_nonnulls(format, account_id) = 0)
);
create index file_actions_by_file on reconciliation.file_actions (file_id, decision_no);
alter table reconciliation.files add foreign key (decision_no) references reconciliation.file_actions;

create trigger file_actions_are_never_changed
    before update or delete on reconciliation.file_actions
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger file_actions_are_never_truncated
    before truncate on reconciliation.file_actions
    for each statement execute function reconciliation.refuse_change_of_evidence();

-- A decision changes the file, as the one who decided saw it.
create function reconciliation.apply_file_action() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
begin
    update reconciliation.files
    set status = new.status, decision_no = new.decision_no, is_released = new.action = 'release' or is_released and new.action <> 'dismiss',
        format = coalesce(new.format, format), expected_account_id = coalesce(new.account_id, expected_account_id),
        refusal_line = case when new.status = 'kept' then null else refusal_line end,
        refusal = case when new.status = 'kept' then null else refusal end,
        parser_version = case when new.status = 'kept' then null else parser_version end
    where file_id = new.file_id and status = new.status_before and format = new.format_before;
    if not found then
        raise exception 'the settlement file % is not as it was when a person decided', new.file_id using errcode = 'restrict_violation';
    end if;
    return null;
end
$$;
create trigger file_actions_are_applied
    after insert on reconciliation.file_actions
    for each row execute function reconciliation.apply_file_action();

-- What came stays as it came, and what was booked stays as it was booked. What a person decided may lead further, and no other way is.
create or replace function reconciliation.refuse_change_of_file() returns trigger language plpgsql as $$
declare
    is_decided boolean := new.decision_no is distinct from old.decision_no;
begin
    if (old.file_id, old.psp, old.psp_account, old.livemode, old.source, old.name, old.sha256, old.size_bytes, old.fetched_at,
            old.remote_mtime, old.host_key, old.location, old.payout_reference, old.request, old.replaces)
        is distinct from
        (new.file_id, new.psp, new.psp_account, new.livemode, new.source, new.name, new.sha256, new.size_bytes, new.fetched_at,
            new.remote_mtime, new.host_key, new.location, new.payout_reference, new.request, new.replaces)
    then
        raise exception 'of the settlement file % only its status and what was read of it may change', old.file_id
            using errcode = 'restrict_violation';
    end if;
    if (old.format, old.expected_account_id, old.is_released) is distinct from (new.format, new.expected_account_id, new.is_released)
        and not is_decided
    then
        raise exception 'as what the settlement file % is read changes by a decision only', old.file_id
            using errcode = 'restrict_violation', hint = 'insert into reconciliation.file_actions';
    end if;
    if old.status = 'booked' then
        raise exception 'the settlement file % is booked', old.file_id using errcode = 'restrict_violation';
    end if;
    if (case
        when is_decided then not exists (
            select
            from reconciliation.file_actions a
            where a.decision_no = new.decision_no and a.file_id = new.file_id and a.status_before = old.status and a.status = new.status
              and a.decision_no > coalesce(old.decision_no, 0)
        )
        else (old.status, new.status) not in (
            ('kept', 'kept'), ('kept', 'refused'), ('kept', 'read'), ('refused', 'refused'), ('refused', 'read'),
            ('read', 'read'), ('read', 'booked')
        )
    end) then
        raise exception 'the settlement file % cannot go from % to %', old.file_id, old.status, new.status
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;

-- The file that a file replaces: the last one before it under its name that was not dismissed; null where there is none.
create function reconciliation.replaced_file(of_file text) returns text language sql stable set search_path = pg_catalog as $$
    with recursive before (file_id, status, replaces) as (
        select r.file_id, r.status, r.replaces
        from reconciliation.files f
        join reconciliation.files r on r.file_id = f.replaces
        where f.file_id = of_file
        union all
        select r.file_id, r.status, r.replaces
        from before b
        join reconciliation.files r on r.file_id = b.replaces
        where b.status = 'dismissed'
    )
    select file_id from before where status <> 'dismissed'
$$;

-- The files that wait to be read. One that replaces another waits until that one is refused, or a person released it: both would book
-- one day twice.
create or replace view reconciliation.files_to_read as
select f.*
from reconciliation.files f
where f.status = 'kept' and (
    f.replaces is null or f.is_released
    or not exists (
        select from reconciliation.files r where r.file_id = reconciliation.replaced_file(f.file_id) and r.status <> 'refused'
    )
);

grant select, insert on reconciliation.file_actions to fincore_service;
