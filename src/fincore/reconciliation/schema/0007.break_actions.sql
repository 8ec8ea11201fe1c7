-- What people and runs did with each break. An action leads from one status to another, and a break stands as its last action says.

-- Which action leads where. Every action names a row of it.
create table reconciliation.break_transitions (
    status_before text collate "C" not null,
    action        text collate "C" not null,
    status        text collate "C" not null,
    primary key (status_before, action),
    unique (status_before, action, status)
);
insert into reconciliation.break_transitions (status_before, action, status) values
    ('open', 'assign', 'open'),
    ('open', 'note', 'open'),
    ('open', 'explain', 'explained'),
    ('open', 'claim', 'claimed'),
    ('open', 'adjust', 'adjusted'),
    ('open', 'write_off', 'written_off'),
    ('open', 'dismiss', 'dismissed'),
    ('open', 'match', 'matched_late'),
    ('open', 'merge', 'merged'),
    ('explained', 'assign', 'explained'),
    ('explained', 'note', 'explained'),
    ('explained', 'reopen', 'open'),
    ('explained', 'adjust', 'adjusted'),
    ('explained', 'write_off', 'written_off'),
    ('explained', 'dismiss', 'dismissed'),
    ('explained', 'change', 'open'),
    ('explained', 'match', 'matched_late'),
    ('explained', 'merge', 'merged'),
    ('claimed', 'assign', 'claimed'),
    ('claimed', 'note', 'claimed'),
    ('claimed', 'reopen', 'open'),
    ('claimed', 'adjust', 'adjusted'),
    ('claimed', 'write_off', 'written_off'),
    ('claimed', 'dismiss', 'dismissed'),
    ('claimed', 'change', 'open'),
    ('claimed', 'match', 'matched_late'),
    ('claimed', 'merge', 'merged'),
    ('adjusted', 'note', 'adjusted'),
    ('adjusted', 'reverse', 'open'),
    ('adjusted', 'find_again', 'open'),
    ('written_off', 'note', 'written_off'),
    ('written_off', 'reverse', 'open'),
    ('written_off', 'find_again', 'open'),
    ('dismissed', 'note', 'dismissed'),
    ('dismissed', 'release', 'open'),
    ('dismissed', 'find_again', 'open'),
    ('matched_late', 'note', 'matched_late'),
    ('merged', 'note', 'merged');

alter table reconciliation.breaks
    add column owner     text    check (length(owner) between 1 and 500),
    -- How many actions it has had; the last one says how it stands.
    add column action_no integer not null default 0 check (action_no >= 0),
    drop constraint breaks_status_check,
    drop constraint breaks_are_closed_by_a_run,
    add constraint breaks_have_a_status
        check (status in ('open', 'explained', 'claimed', 'adjusted', 'written_off', 'dismissed', 'matched_late', 'merged')),
    -- What a person closed, the next run confirms, or finds again.
    add constraint breaks_are_closed_at_a_time check ((status in ('open', 'explained', 'claimed')) = (closed_at is null)),
    add constraint breaks_are_closed_by_a_run check (closed_at is not null or closed_by is null),
    add constraint breaks_that_match_are_closed_by_a_run check (status not in ('matched_late', 'merged') or closed_by is not null);
drop index reconciliation.breaks_by_subject;
-- One subject has one break: a further one begins after a run has seen that the one before is closed.
create unique index breaks_by_subject on reconciliation.breaks (subject) where closed_by is null;

create table reconciliation.break_actions (
    break_id      bigint      not null references reconciliation.breaks,
    -- From 1 on, each break for itself: two people cannot both act on what they have seen.
    action_no     integer     not null check (action_no > 0),
    action        text        collate "C" not null,
    status_before text        collate "C" not null,
    status        text        collate "C" not null,
    -- The run that acted; null where a person did.
    run_no        bigint      references reconciliation.runs,
    -- `operator:NAME` of a person, `reconciliation` of a run.
    actor         text        not null check (length(actor) between 1 and 600),
    -- The owner after the action.
    owner         text        check (length(owner) between 1 and 500),
    -- Why, or what is noted.
    reason        text        check (length(reason) between 1 and 1000),
    -- What the PSP or the bank calls the claim; the adjustment of an adjustment.
    reference     text        check (length(reference) between 1 and 255),
    -- The break that goes on, of one that was merged; the one that brought its owner, of one that goes on.
    other_break   bigint      references reconciliation.breaks check (other_break <> break_id),
    acted_at      timestamptz not null,
    -- The report of this run, or of the first one after it, is the first that shows the action.
    shown_from    bigint      not null,
    primary key (break_id, action_no),
    foreign key (status_before, action, status) references reconciliation.break_transitions (status_before, action, status),
    constraint break_actions_of_runs_are_shown_by_them check (run_no is null or run_no = shown_from),
    constraint break_actions_are_of_runs_or_people check ((run_no is null) = (actor <> 'reconciliation'))
);
create index break_actions_by_run on reconciliation.break_actions (shown_from);

-- Of breaks that were closed before, the run that closed them is known.
insert into reconciliation.break_actions
    (break_id, action_no, action, status_before, status, run_no, actor, acted_at, shown_from)
select break_id, 1, case status when 'merged' then 'merge' else 'match' end, 'open', status, closed_by, 'reconciliation', closed_at,
    closed_by
from reconciliation.breaks
where status <> 'open';
update reconciliation.breaks set action_no = 1 where status <> 'open';

-- People act between runs: what a run found, and its report, stand on the actions before it, and on no later ones. A run takes the lock
-- alone before it looks at breaks, and keeps it until it has written all it found.
create function reconciliation.place_break_action() returns trigger language plpgsql as $$
begin
    if new.run_no is not null then
        new.shown_from := new.run_no;
        new.acted_at := (select cut_off from reconciliation.runs where run_no = new.run_no);
        return new;
    end if;
    perform pg_advisory_xact_lock_shared(hashtext('fincore.reconciliation.breaks'));
    new.acted_at := clock_timestamp();
    new.shown_from := (select coalesce(max(run_no), 0) + 1 from reconciliation.runs);
    return new;
end
$$;
create trigger break_actions_have_a_place
    before insert on reconciliation.break_actions
    for each row execute function reconciliation.place_break_action();

-- A break changes its status and its owner by an action only, and each action is about the break as the one before left it.
create function reconciliation.apply_break_actions() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
    applied bigint;
begin
    update reconciliation.breaks b
    set status = a.status, owner = a.owner, action_no = a.action_no,
        closed_at = case when a.status in ('open', 'explained', 'claimed') then null else coalesce(b.closed_at, a.acted_at) end,
        closed_by = case
            when a.status in ('open', 'explained', 'claimed') then null
            when a.status in ('matched_late', 'merged') then coalesce(b.closed_by, a.run_no)
            else b.closed_by
        end
    from written a
    where b.break_id = a.break_id and b.action_no = a.action_no - 1 and b.status = a.status_before;
    get diagnostics applied = row_count;
    if applied <> (select count(*) from written) then
        raise exception 'an action is about a break as it no longer stands' using errcode = 'restrict_violation';
    end if;
    return null;
end
$$;
create trigger break_actions_are_applied
    after insert on reconciliation.break_actions
    referencing new table as written
    for each statement execute function reconciliation.apply_break_actions();

-- Whether a break was not closed after a run, by the actions that the run's report shows.
create function reconciliation.stands_after(of_break bigint, of_run bigint) returns boolean language sql stable
    set search_path = pg_catalog
as $$
    select b.opened_by <= of_run and (b.closed_by is null or b.closed_by > of_run) and coalesce((
        select a.status
        from reconciliation.break_actions a
        where a.break_id = of_break and a.shown_from <= of_run
        order by a.action_no desc
        limit 1
    ), 'open') in ('open', 'explained', 'claimed')
    from reconciliation.breaks b
    where b.break_id = of_break
$$;

create trigger break_actions_are_never_changed
    before update or delete on reconciliation.break_actions
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger break_actions_are_never_truncated
    before truncate on reconciliation.break_actions
    for each statement execute function reconciliation.refuse_change_of_evidence();

revoke update (status, closed_at) on reconciliation.breaks from fincore_service;
grant select on reconciliation.break_transitions to fincore_service;
grant select, insert on reconciliation.break_actions to fincore_service;
