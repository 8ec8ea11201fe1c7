-- Statements of our banks: the other side of payouts. What a bank states moves no clearing account; it says that a payout arrived.

-- A bank account of ours under the name that accounts of the ledger have for it, from its first statement on.
create table reconciliation.banks (
    livemode       boolean  not null,
    bank           text     collate "C" not null check (bank ~ '^[A-Za-z0-9_.-]{1,64}$'),
    -- The account as its statements name it, such as an IBAN. A statement of another one is refused; null: no statement said it yet.
    stated_account text     collate "C" check (length(stated_account) between 1 and 255),
    -- How long a payout may take until a statement has it.
    missing_after  interval not null default '7 days' check (missing_after between interval '1 day' and interval '90 days'),
    primary key (livemode, bank)
);

create table reconciliation.bank_statements (
    statement_no    bigint      generated always as identity primary key,
    livemode        boolean     not null,
    bank            text        collate "C" not null,
    name            text        collate "C" not null check (length(name) between 1 and 180),
    sha256          text        collate "C" not null check (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes      bigint      not null check (size_bytes >= 0),
    location        text        collate "C" not null check (length(location) between 1 and 1000),
    imported_at     timestamptz not null default now(),
    format          text        collate "C" not null check (format in ('camt053', 'bank_csv')),
    parser_version  integer     not null check (parser_version > 0),
    -- As stated; where the format does not state it, from the first line to the last.
    period_start    timestamptz not null,
    period_end      timestamptz not null,
    stated_totals   jsonb       not null check (jsonb_typeof(stated_totals) = 'object'),
    computed_totals jsonb       not null check (jsonb_typeof(computed_totals) = 'object'),
    -- Lines of the file; of these, how many an earlier statement had.
    lines           integer     not null check (lines >= 0),
    known_lines     integer     not null check (known_lines between 0 and lines),
    check (period_start <= period_end),
    unique (livemode, bank, sha256),
    foreign key (livemode, bank) references reconciliation.banks
);

-- Each entry of a bank once, however many statements have it.
create table reconciliation.bank_lines (
    bank_line_no   bigint      generated always as identity primary key,
    statement_no   bigint      not null references reconciliation.bank_statements,
    -- The line of the file, as an editor shows it.
    number         integer     not null check (number > 0),
    livemode       boolean     not null,
    bank           text        collate "C" not null,
    kind           text        collate "C" not null check (kind in ('payout', 'payout_returned')),
    psp_type       text        collate "C" not null,
    -- The bank's own id of the entry. Some banks number the entries of each statement, and some give one id to a batch: an entry is
    -- the same as an earlier one where day, amount and place among those of one file are the same, too.
    bank_reference text        collate "C" not null,
    about          text[]      collate "C" not null,
    currency       text        collate "C" not null,
    -- Positive for what came in.
    amount_minor   bigint      not null,
    occurred_at    timestamptz not null,
    occurrence     integer     not null check (occurrence > 0),
    unique (statement_no, number),
    constraint bank_lines_count_once
        unique (livemode, bank, currency, bank_reference, occurred_at, amount_minor, kind, occurrence)
);

-- The lines that name one payout of ours, by the bank's reference that the PSP stated, or by the payout's own.
create table reconciliation.bank_line_payouts (
    bank_line_no  bigint primary key references reconciliation.bank_lines,
    stream_id     uuid   not null,
    psp           text   collate "C" not null,
    psp_account   text   collate "C" not null,
    psp_reference text   collate "C" not null,
    rule          text   collate "C" not null check (rule in ('bank_reference', 'payout_reference'))
);
create index bank_line_payouts_by_stream on reconciliation.bank_line_payouts (stream_id);

-- A line and the entry of its payout on the account of the bank, of equal amounts: each is matched once.
create table reconciliation.bank_matches (
    bank_line_no bigint primary key references reconciliation.bank_line_payouts,
    entry_id     bigint not null,
    account_id   bigint not null,
    run_no       bigint not null references reconciliation.runs,
    unique (entry_id, account_id)
);

create index lines_by_bank_reference on reconciliation.lines (bank_reference) where bank_reference is not null;

do $$
declare
    evidence text;
begin
    foreach evidence in array array['bank_statements', 'bank_lines', 'bank_line_payouts', 'bank_matches'] loop
        execute format(
            'create trigger %1$s_are_never_changed before update or delete on reconciliation.%1$s
                for each statement execute function reconciliation.refuse_change_of_evidence()',
            evidence
        );
        execute format(
            'create trigger %1$s_are_never_truncated before truncate on reconciliation.%1$s
                for each statement execute function reconciliation.refuse_change_of_evidence()',
            evidence
        );
    end loop;
end
$$;

-- A match is of the bank, the currency, the payout and the amount of its line.
create function reconciliation.refuse_unequal_bank_match() returns trigger language plpgsql as $$
declare
    wrong bigint;
begin
    select m.bank_line_no into wrong
    from matched m
    join reconciliation.bank_lines l using (bank_line_no)
    join reconciliation.bank_line_payouts o using (bank_line_no)
    left join ledgerdb.entries e on e.entry_id = m.entry_id and e.stream_id = o.stream_id and e.livemode = l.livemode
    left join ledgerdb.accounts a
        on a.account_id = m.account_id and a.livemode = l.livemode and a.name = concat_ws(':', 'bank', l.bank, l.currency)
    left join ledgerdb.postings p on p.entry_id = e.entry_id and p.account_id = a.account_id
    group by m.bank_line_no, l.amount_minor
    having sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) is distinct from l.amount_minor
    limit 1;
    if wrong is not null then
        raise exception 'the line % of a bank and the entry that it is matched with are not equal', wrong
            using errcode = 'check_violation', hint = 'match a line with an entry of its payout, bank, currency and amount';
    end if;
    return null;
end
$$;
create trigger bank_matches_are_equal
    after insert on reconciliation.bank_matches
    referencing new table as matched
    for each statement execute function reconciliation.refuse_unequal_bank_match();

grant select, insert on reconciliation.banks, reconciliation.bank_statements, reconciliation.bank_lines,
    reconciliation.bank_line_payouts, reconciliation.bank_matches to fincore_service;
grant update (stated_account, missing_after) on reconciliation.banks to fincore_service;
