-- What one person of staff proposed and another has to agree to, and the refunds that one person made alone.
create schema if not exists staff;
grant usage on schema staff to fincore_service;

create table staff.proposals (
    proposal_id          text        collate "C" primary key check (proposal_id ~ '^prop_[0-9a-hjkmnp-tv-z]{26}$'),
    kind                 text        collate "C" not null
        check (kind in ('refund', 'adjustment', 'write_off', 'adjustment_reversal', 'opening')),
    -- Null for what belongs to no mode, and to no merchant.
    livemode             boolean,
    merchant_id          text        collate "C" check (length(merchant_id) between 1 and 64),
    object_id            text        collate "C" not null check (length(object_id) between 1 and 255),
    amount_minor         bigint      check (amount_minor > 0),
    currency             text        collate "C" check (currency ~ '^[a-z]{3}$'),
    -- What is to be done, by kind.
    act                  jsonb       not null check (pg_column_size(act) <= 1048576),
    proposer_subject     text        collate "C" not null check (length(proposer_subject) between 1 and 255),
    proposer_username    text        not null check (length(proposer_username) between 1 and 255),
    proposer_counted_for text        not null,
    reason               text        not null check (length(reason) between 1 and 500),
    needed_because       text        not null check (length(needed_because) between 1 and 1000),
    proposed_at          timestamptz not null default clock_timestamp(),
    expires_at           timestamptz not null default clock_timestamp() + interval '7 days',
    -- What the steps below made of it.
    status               text        collate "C" not null default 'proposed'
        check (status in ('proposed', 'approved', 'executed', 'refused', 'declined', 'withdrawn', 'expired')),
    constraint proposals_have_an_amount_whole check ((amount_minor is null) = (currency is null)),
    constraint proposals_end_after_seven_days check (expires_at <= proposed_at + interval '7 days 1 minute')
);
create index proposals_that_wait on staff.proposals (expires_at) where status = 'proposed';
create index proposals_under_way on staff.proposals (proposal_id) where status = 'approved';
create index proposals_of_people on staff.proposals (proposer_counted_for) where status = 'proposed';
create index proposals_of_objects on staff.proposals (object_id, proposal_id);

create table staff.proposal_transitions (
    status_before text collate "C" not null,
    step          text collate "C" not null,
    status        text collate "C" not null,
    primary key (status_before, step)
);
insert into staff.proposal_transitions (status_before, step, status) values
    ('proposed', 'approve', 'approved'),
    ('proposed', 'decline', 'declined'),
    ('proposed', 'withdraw', 'withdrawn'),
    ('proposed', 'expire', 'expired'),
    ('approved', 'execute', 'executed'),
    ('approved', 'refuse', 'refused');

-- Each step is added once and never changed. Those of people name the person and the reason.
create table staff.proposal_steps (
    proposal_id   text        collate "C" not null references staff.proposals,
    status_before text        collate "C" not null,
    step          text        collate "C" not null,
    taken_at      timestamptz not null default clock_timestamp(),
    subject       text        collate "C" check (length(subject) between 1 and 255),
    username      text        check (length(username) between 1 and 255),
    counted_for   text,
    reason        text        check (length(reason) between 1 and 500),
    -- What came of it, in short: nothing secret.
    result        text        check (length(result) between 1 and 1000),
    primary key (proposal_id, status_before),
    foreign key (status_before, step) references staff.proposal_transitions,
    constraint steps_of_people_name_the_person check (
        (step in ('approve', 'decline', 'withdraw')) = (num_nonnulls(subject, username, counted_for, reason) = 4)
        and num_nonnulls(subject, username, counted_for) in (0, 3)
    )
);

create function staff.take_proposal_step() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
    proposal staff.proposals;
    after text;
begin
    select * into strict proposal from staff.proposals where proposal_id = new.proposal_id for update;
    select status into after from staff.proposal_transitions where status_before = proposal.status and step = new.step;
    if after is null or new.status_before <> proposal.status then
        raise exception 'the proposal % is %: % is not possible', new.proposal_id, proposal.status, new.step
            using errcode = 'restrict_violation', hint = 'look at it again';
    end if;
    if new.step in ('approve', 'decline')
        and (new.subject = proposal.proposer_subject or new.counted_for = proposal.proposer_counted_for)
    then
        raise exception 'the proposal % is of the same person', new.proposal_id
            using errcode = 'restrict_violation', hint = 'a second person decides it';
    end if;
    if new.step = 'withdraw' and new.subject <> proposal.proposer_subject then
        raise exception 'the proposal % is of another person', new.proposal_id
            using errcode = 'restrict_violation', hint = 'decline it';
    end if;
    if (new.step = 'expire') <> (clock_timestamp() >= proposal.expires_at) and new.step in ('approve', 'decline', 'expire') then
        raise exception 'the proposal % waits until %', new.proposal_id, proposal.expires_at using errcode = 'restrict_violation';
    end if;
    new.taken_at := clock_timestamp();
    update staff.proposals set status = after where proposal_id = new.proposal_id;
    return new;
end
$$;
create trigger proposal_steps_follow_the_order before insert on staff.proposal_steps
    for each row execute function staff.take_proposal_step();

create function staff.begin_proposal() returns trigger language plpgsql as $$
begin
    new.status := 'proposed';
    new.proposed_at := clock_timestamp();
    new.expires_at := new.proposed_at + interval '7 days';
    return new;
end
$$;
create trigger proposals_begin_as_proposed before insert on staff.proposals
    for each row execute function staff.begin_proposal();

create function staff.refuse_change_of_proposal() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'proposals' and tg_op = 'UPDATE' and pg_trigger_depth() > 1
        and to_jsonb(new) - 'status' = to_jsonb(old) - 'status' then
        return new;
    end if;
    raise exception 'what people proposed and decided is never rewritten: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'add a further proposal';
end
$$;
create trigger proposals_are_never_changed before update or delete on staff.proposals
    for each row execute function staff.refuse_change_of_proposal();
create trigger proposals_are_never_truncated before truncate on staff.proposals
    for each statement execute function staff.refuse_change_of_proposal();
create trigger proposal_steps_are_never_changed before update or delete on staff.proposal_steps
    for each row execute function staff.refuse_change_of_proposal();
create trigger proposal_steps_are_never_truncated before truncate on staff.proposal_steps
    for each statement execute function staff.refuse_change_of_proposal();
create trigger proposal_transitions_are_never_changed before insert or update or delete on staff.proposal_transitions
    for each row execute function staff.refuse_change_of_proposal();

grant select, insert on staff.proposals, staff.proposal_steps to fincore_service;
grant select on staff.proposal_transitions to fincore_service;

-- What one person refunds alone, counted before it is asked of the charge: what is refused afterwards stays counted.
create table staff.counted_refunds (
    owner        text        collate "C" not null check (length(owner) between 1 and 300),
    livemode     boolean     not null,
    key          text        not null check (length(key) between 1 and 255),
    fingerprint  bytea       not null,
    counted_for  text        not null,
    currency     text        collate "C" not null check (currency ~ '^[a-z]{3}$'),
    amount_minor bigint      not null check (amount_minor > 0),
    counted_at   timestamptz not null default clock_timestamp(),
    -- By UTC: a request that is repeated on another day counts for that day, too.
    day          date        not null generated always as ((counted_at at time zone 'UTC')::date) stored,
    primary key (owner, livemode, key, day)
);
create index counted_refunds_of_days on staff.counted_refunds (counted_for, day);
create trigger counted_refunds_are_never_changed before update or delete on staff.counted_refunds
    for each row execute function staff.refuse_change_of_proposal();
create trigger counted_refunds_are_never_truncated before truncate on staff.counted_refunds
    for each statement execute function staff.refuse_change_of_proposal();
grant select, insert on staff.counted_refunds to fincore_service;
