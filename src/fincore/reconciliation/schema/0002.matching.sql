-- The lines of settlement files, what each run matched of them with the ledger's clearing items, and what did not match.

-- Every line as a parser read it. They are numbered over all files in the order in which they were read.
create table reconciliation.lines (
    line_no              bigint      generated always as identity primary key,
    file_id              text        collate "C" not null,
    -- The line of the file, as an editor shows it.
    number               integer     not null check (number > 0),
    kind                 text        collate "C" not null check (kind in (
        'payment', 'refund', 'refund_failed', 'dispute', 'dispute_reversal', 'hold', 'release', 'fee_reversal', 'account_fee',
        'conversion', 'payout', 'payout_returned', 'adjustment', 'reserve', 'outgoing'
    )),
    psp_type             text        collate "C" not null,
    -- The line's own id at the PSP; what it is about, the best first; the payment that a refund, dispute or fee is about.
    psp_reference        text        collate "C" not null,
    about                text[]      collate "C" not null,
    parent_reference     text        collate "C",
    -- An id of ours that came back. It may have been edited at the PSP, so a reference of the PSP comes first.
    our_reference        text        collate "C",
    currency             text        collate "C" not null,
    -- Signed from our side; what is negative was taken from us.
    gross_minor          bigint      not null,
    fee_minor            bigint      not null,
    occurred_at          timestamptz not null,
    payout_reference     text        collate "C",
    bank_reference       text        collate "C",
    presentment_minor    bigint,
    presentment_currency text        collate "C",
    -- What a conversion is known by: its lines have the same; where its lines name each other, each has the other's psp_reference.
    conversion           text        collate "C",
    constraint lines_are_read_once unique (file_id, number),
    constraint lines_are_presented_in_a_currency check ((presentment_minor is null) = (presentment_currency is null))
);
create index lines_by_reference on reconciliation.lines (psp_reference);
create index lines_by_payout on reconciliation.lines (payout_reference) where payout_reference is not null;
create index lines_by_conversion on reconciliation.lines (conversion) where kind = 'conversion';

-- What the PSP held for us before the files of an account, by currency: the balance at the beginning of the first file that told one,
-- and for each file of before that one, which came later, what it moved, with the other sign.
create table reconciliation.openings (
    file_id       text   collate "C" not null references reconciliation.files,
    currency      text   collate "C" not null,
    balance_minor bigint not null,
    primary key (file_id, currency)
);

create table reconciliation.runs (
    run_no        bigint      generated always as identity primary key,
    run_id        text        collate "C" not null unique check (run_id like 'run\_%'),
    -- Up to when it looked, and the last entry of the ledger that it saw, with the event of that entry.
    cut_off       timestamptz not null,
    last_entry_id bigint      not null check (last_entry_id >= 0),
    last_event_id uuid,
    -- When the log had all of its events.
    finished_at   timestamptz,
    constraint runs_know_the_event_of_their_last_entry check ((last_entry_id = 0) = (last_event_id is null))
);

-- The files of which a run has taken up the lines.
create table reconciliation.matched_files (
    file_id text   collate "C" primary key references reconciliation.files,
    run_no  bigint not null references reconciliation.runs
);

-- What belongs together: parts of lines and parts of clearing items, with equal sums. A match has its number from the first of its
-- lines; its rows pair lines with items as far as there are both. A part is matched once.
create table reconciliation.matches (
    match_no   bigint not null,
    part       text   collate "C" not null check (part in ('gross', 'fee')),
    run_no     bigint not null,
    rule       text   collate "C" not null,
    line_no    bigint,
    entry_id   bigint,
    account_id bigint,
    constraint matches_have_a_side check (num_nonnulls(line_no, entry_id) > 0),
    constraint matches_name_items_whole check ((entry_id is null) = (account_id is null))
);
-- Runs follow one another, so that a run's matches lie together.
create index matches_by_run on reconciliation.matches using brin (run_no) with (pages_per_range = 16);
create unique index matches_by_line on reconciliation.matches (line_no, part) where line_no is not null;
create unique index matches_by_item on reconciliation.matches (entry_id, account_id, part) where entry_id is not null;

-- What runs matched of a file, by kind and currency: each row becomes one event of the file.
create table reconciliation.matched_totals (
    run_no      bigint  not null references reconciliation.runs,
    file_id     text    collate "C" not null references reconciliation.files,
    kind        text    collate "C" not null,
    currency    text    collate "C" not null,
    -- Those of which no earlier run matched a part.
    lines       integer not null check (lines >= 0),
    gross_minor bigint  not null,
    fee_minor   bigint  not null,
    primary key (run_no, file_id, kind, currency)
);

-- What the last run left without a match. It follows from lines, items and matches, and spares each run the look at all of them.
create table reconciliation.open_lines (
    line_no bigint not null,
    part    text   collate "C" not null check (part in ('gross', 'fee')),
    primary key (line_no, part)
);
create table reconciliation.open_items (
    entry_id   bigint not null,
    account_id bigint not null,
    part       text   collate "C" not null check (part in ('gross', 'fee')),
    primary key (entry_id, account_id, part)
);

-- What a statement and the ledger say differently. The amount is what the statement says less what the ledger expects, so that all
-- open breaks of lines and items add up to what is unmatched less what is uncleared and due.
create table reconciliation.breaks (
    break_id     bigint      generated always as identity primary key,
    class        text        collate "C" not null check (length(class) between 1 and 40),
    livemode     boolean     not null,
    psp          text        collate "C" not null,
    psp_account  text        collate "C" not null,
    currency     text        collate "C",
    amount_minor bigint,
    -- The one thing that it is about, as `line:17`; a fee has a break of its own.
    subject      text        collate "C" not null check (length(subject) between 1 and 300),
    line_no      bigint,
    entry_id     bigint,
    account_id   bigint,
    file_id      text        collate "C",
    -- The charge, and what the PSP calls the thing, where they are known.
    stream_id    uuid,
    reference    text        collate "C",
    opened_at    timestamptz not null,
    opened_by    bigint      not null references reconciliation.runs,
    seen_by      bigint      not null references reconciliation.runs,
    status       text        not null default 'open' check (status in ('open', 'matched_late', 'merged')),
    closed_at    timestamptz,
    closed_by    bigint      references reconciliation.runs,
    constraint breaks_are_closed_by_a_run check ((status = 'open') = (closed_at is null) and num_nulls(closed_at, closed_by) in (0, 2)),
    constraint breaks_of_money_have_a_currency check ((currency is null) = (amount_minor is null))
);
create unique index breaks_by_subject on reconciliation.breaks (subject) where status = 'open';
create index breaks_by_opening on reconciliation.breaks (opened_at, break_id);

create trigger lines_are_never_changed
    before update or delete on reconciliation.lines
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger lines_are_never_truncated
    before truncate on reconciliation.lines
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger matches_are_never_changed
    before update or delete on reconciliation.matches
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger matches_are_never_truncated
    before truncate on reconciliation.matches
    for each statement execute function reconciliation.refuse_change_of_evidence();
create trigger breaks_are_never_deleted
    before delete on reconciliation.breaks
    for each statement execute function reconciliation.refuse_change_of_evidence();

-- A match is complete when it is written, has the number of one of its lines, and its two sides are equal. It is planned anew for
-- each batch, which may be of one row or of a million.
create function reconciliation.refuse_unequal_match() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    execute $check$
        select m.match_no, m.part
        from matched m
        left join reconciliation.lines l on l.line_no = m.line_no
        left join ledgerdb.clearing_items i on i.entry_id = m.entry_id and i.account_id = m.account_id
        group by m.match_no, m.part
        having sum(case m.part when 'gross' then l.gross_minor else l.fee_minor end)
                is distinct from coalesce(sum(case m.part when 'gross' then i.gross_minor else i.fee_minor end), 0)
            or min(m.line_no) is distinct from m.match_no
        limit 1
    $check$ into wrong;
    if wrong.match_no is not null then
        raise exception 'the % sides of the match % are not equal', wrong.part, wrong.match_no
            using errcode = 'check_violation', hint = 'match lines and items only where their sums are equal';
    end if;
    return null;
end
$$;
create trigger matches_are_equal
    after insert on reconciliation.matches
    referencing new table as matched
    for each statement execute function reconciliation.refuse_unequal_match();

grant select, insert on reconciliation.lines, reconciliation.openings, reconciliation.matches, reconciliation.matched_files,
    reconciliation.matched_totals to fincore_service;
grant select, insert, update (finished_at) on reconciliation.runs to fincore_service;
grant select, insert, delete on reconciliation.open_lines, reconciliation.open_items to fincore_service;
grant select, insert, update (class, amount_minor, currency, seen_by, status, closed_at, closed_by) on reconciliation.breaks
    to fincore_service;
