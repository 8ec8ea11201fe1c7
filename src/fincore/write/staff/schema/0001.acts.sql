-- What people of staff did, or began to do: the audit trail. A row is added before or with the change that it tells of, and is
-- never changed after its outcome is set. What an act did to money is in the events of its object; the row says who and why.
create schema if not exists staff;

create table staff.acts (
    act_no          bigint      generated always as identity primary key,
    act_id          uuid        not null unique,
    begun_at        timestamptz not null default clock_timestamp(),
    actor_subject   text        collate "C" not null check (length(actor_subject) between 1 and 255),
    actor_username  text        not null check (length(actor_username) between 1 and 255),
    -- The permission that allowed it, as the table of permissions names it.
    permission      text        collate "C" not null check (permission ~ '^[a-z]+\.[a-z]+$'),
    -- What was done, as a verb: refund, replay, create_key ...
    action          text        collate "C" not null check (action ~ '^[a-z][a-z_]{0,39}$'),
    -- Null for what belongs to no mode, and to no merchant.
    livemode        boolean,
    merchant_id     text        collate "C" check (length(merchant_id) between 1 and 64),
    -- What it was done to: its kind and its id.
    object_kind     text        collate "C" not null check (object_kind ~ '^[a-z][a-z_]{0,39}$'),
    object_id       text        collate "C" not null check (length(object_id) between 1 and 255),
    reason          text        not null check (length(reason) between 1 and 1000),
    request_id      text        collate "C" not null check (length(request_id) between 1 and 64),
    -- What else is to be read with it, such as an amount: small, and nothing secret.
    details         jsonb       not null default '{}' check (jsonb_typeof(details) = 'object' and pg_column_size(details) <= 8192),
    -- done, proposed, replayed, or the code of the problem that it was answered with. Null: its process ended before it was told.
    outcome         text        collate "C" check (outcome ~ '^[a-z][a-z_]{0,63}$'),
    ended_at        timestamptz,
    constraint acts_end_with_an_outcome check ((outcome is null) = (ended_at is null))
);

create index acts_of_objects on staff.acts (object_id, act_no);
create index acts_of_people on staff.acts (actor_subject, act_no);
create index acts_of_merchants on staff.acts (merchant_id, livemode, act_no);

create function staff.refuse_change_of_act() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.outcome is null
        and to_jsonb(new) - 'outcome' - 'ended_at' = to_jsonb(old) - 'outcome' - 'ended_at' then
        return new;
    end if;
    raise exception 'the record of what staff did is never rewritten: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'add a further row';
end
$$;
create trigger acts_are_never_changed
    before update or delete on staff.acts
    for each row execute function staff.refuse_change_of_act();
create trigger acts_are_never_truncated
    before truncate on staff.acts
    for each statement execute function staff.refuse_change_of_act();

grant usage on schema staff to fincore_service;
grant select, insert, update (outcome, ended_at) on staff.acts to fincore_service;
