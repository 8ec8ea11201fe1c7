-- What people booked to end differences with PSPs: which break each is about, what it makes up for, and whether the log has it. All of it is
-- in the log, too, in the stream of the adjustment.

-- Which parts of lines and items make each break, as the last run left them. It follows from lines, items and matches.
create table reconciliation.break_parts (
    break_id   bigint not null references reconciliation.breaks,
    part       text   collate "C" not null check (part in ('gross', 'fee')),
    line_no    bigint,
    entry_id   bigint,
    account_id bigint,
    constraint break_parts_are_of_a_line_or_an_item check (num_nonnulls(line_no, entry_id) = 1),
    constraint break_parts_name_items_whole check ((entry_id is null) = (account_id is null))
);
create index break_parts_by_break on reconciliation.break_parts (break_id);

create table reconciliation.adjustments (
    adjustment_id text        collate "C" primary key check (adjustment_id like 'adj\_%'),
    -- The break that it ends; null where it explains what a PSP held before its first statement.
    break_id      bigint      references reconciliation.breaks,
    -- Counts the adjustments of the break, or of the account and currency, from 1.
    generation    integer     not null check (generation > 0),
    -- The event that books it, as the log gets it, and what follows from that.
    event_id      uuid        not null unique,
    booked        jsonb       not null,
    kind          text        collate "C" not null generated always as (booked ->> 'kind') stored
        check (kind in ('adjustment', 'write_off')),
    adjusts       text        collate "C" not null generated always as (booked ->> 'adjusts') stored
        check (adjusts in ('clearing', 'balance', 'opening')),
    livemode      boolean     not null generated always as ((booked ->> 'livemode')::boolean) stored,
    psp           text        collate "C" not null generated always as (booked ->> 'psp') stored,
    psp_account   text        collate "C" not null generated always as (booked ->> 'psp_account') stored,
    currency      text        collate "C" not null generated always as (booked ->> 'currency') stored,
    gross_minor   bigint      not null generated always as ((booked ->> 'gross_minor')::bigint) stored,
    fee_minor     bigint      not null generated always as ((booked ->> 'fee_minor')::bigint) stored,
    -- The person, also without regard to case and spaces, by which limits count.
    decided_by    text        not null generated always as (booked ->> 'by') stored,
    counted_for   text        not null generated always as (lower(trim(booked ->> 'by'))) stored,
    decided_at    timestamptz not null,
    -- When the log had it.
    told_at       timestamptz,
    constraint adjustments_are_what_they_say check (booked ->> 'adjustment_id' = adjustment_id),
    constraint adjustments_end_a_break check ((adjusts = 'opening') = (break_id is null)),
    constraint adjustments_of_lines_alone_have_fees check (adjusts = 'clearing' or fee_minor = 0),
    constraint write_offs_are_losses_on_clearing check (kind = 'adjustment' or adjusts = 'clearing' and gross_minor + fee_minor < 0)
);
create unique index adjustments_of_breaks on reconciliation.adjustments (break_id, generation) where break_id is not null;
create unique index adjustments_of_openings on reconciliation.adjustments (livemode, psp, psp_account, currency, generation)
    where break_id is null;
create index adjustments_untold on reconciliation.adjustments (adjustment_id) where told_at is null;
create index adjustments_by_person on reconciliation.adjustments (counted_for, decided_at);

-- What of lines and items an adjustment makes up for.
create table reconciliation.adjustment_parts (
    adjustment_id text   collate "C" not null references reconciliation.adjustments,
    part          text   collate "C" not null check (part in ('gross', 'fee')),
    line_no       bigint,
    entry_id      bigint,
    account_id    bigint,
    constraint adjustment_parts_are_of_a_line_or_an_item check (num_nonnulls(line_no, entry_id) = 1),
    constraint adjustment_parts_name_items_whole check ((entry_id is null) = (account_id is null))
);
create index adjustment_parts_by_adjustment on reconciliation.adjustment_parts (adjustment_id);

-- Adjustments that were taken back, each once.
create table reconciliation.adjustment_reversals (
    adjustment_id text        collate "C" primary key references reconciliation.adjustments,
    event_id      uuid        not null unique,
    reversed      jsonb       not null,
    decided_by    text        not null generated always as (reversed ->> 'by') stored,
    counted_for   text        not null generated always as (lower(trim(reversed ->> 'by'))) stored,
    decided_at    timestamptz not null,
    told_at       timestamptz,
    constraint reversals_are_what_they_say check (reversed ->> 'adjustment_id' = adjustment_id)
);
create index adjustment_reversals_untold on reconciliation.adjustment_reversals (adjustment_id) where told_at is null;
create index adjustment_reversals_by_person on reconciliation.adjustment_reversals (counted_for, decided_at);

-- The log has it: nothing else of what was decided changes. What is generated follows afterwards.
create function reconciliation.refuse_change_of_adjustment() returns trigger language plpgsql as $$
declare
    follows constant text[] := array[
        'told_at', 'kind', 'adjusts', 'livemode', 'psp', 'psp_account', 'currency', 'gross_minor', 'fee_minor', 'decided_by', 'counted_for'
    ];
begin
    if (to_jsonb(old) - follows) is distinct from (to_jsonb(new) - follows) or old.told_at is not null then
        raise exception 'the adjustment % is decided: reverse it', old.adjustment_id using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;

do $$
declare
    kept text;
begin
    foreach kept in array array['adjustments', 'adjustment_reversals'] loop
        execute format(
            'create trigger %1$s_are_decided_once before update on reconciliation.%1$s
                for each row execute function reconciliation.refuse_change_of_adjustment()',
            kept
        );
        execute format(
            'create trigger %1$s_are_never_deleted before delete on reconciliation.%1$s
                for each statement execute function reconciliation.refuse_change_of_evidence()',
            kept
        );
    end loop;
    create trigger adjustment_parts_are_never_changed before update or delete on reconciliation.adjustment_parts
        for each statement execute function reconciliation.refuse_change_of_evidence();
    foreach kept in array array['adjustments', 'adjustment_reversals', 'adjustment_parts'] loop
        execute format(
            'create trigger %1$s_are_never_truncated before truncate on reconciliation.%1$s
                for each statement execute function reconciliation.refuse_change_of_evidence()',
            kept
        );
    end loop;
end
$$;

grant select, insert, delete on reconciliation.break_parts to fincore_service;
grant select, insert on reconciliation.adjustments, reconciliation.adjustment_parts, reconciliation.adjustment_reversals
    to fincore_service;
grant update (told_at) on reconciliation.adjustments, reconciliation.adjustment_reversals to fincore_service;
