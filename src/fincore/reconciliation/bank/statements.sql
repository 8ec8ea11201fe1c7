-- name: known_banks
-- The bank accounts that statements or payouts have named.
select bank from reconciliation.banks where livemode = $1
union
select split_part(name, ':', 2) from ledgerdb.accounts where livemode = $1 and name like 'bank:%'
order by bank;

-- name: declare_bank
-- A bank account of ours, once. $3: how many days a payout may take, or null to leave it as it is.
insert into reconciliation.banks as b (livemode, bank, missing_after)
values ($1, $2, coalesce(make_interval(days => $3), interval '7 days'))
on conflict (livemode, bank) do update set missing_after = coalesce(make_interval(days => $3), b.missing_after);

-- name: account_of_bank
-- The account as statements of the bank name it, if one did.
select stated_account from reconciliation.banks where livemode = $1 and bank = $2;

-- name: lock_bank
-- The same for one importer at a time.
select stated_account from reconciliation.banks where livemode = $1 and bank = $2 for update;

-- name: known_statement
-- A statement with the same bytes.
select statement_no from reconciliation.bank_statements where livemode = $1 and bank = $2 and sha256 = $3;

-- name: stage_lines
-- The lines of a file as they are read.
create temporary table read_bank_lines (
    number integer not null, kind text not null, psp_type text not null, bank_reference text not null, about text[] not null,
    currency text not null, amount_minor bigint not null, occurred_at timestamptz not null
) on commit drop;

-- name: first_unlikely_line
-- A line of a time that has not come, or longer ago than $1.
select number, occurred_at, occurred_at > now() as is_ahead
from read_bank_lines
where occurred_at > now() + interval '1 day' or occurred_at < now() - $1::interval
order by number
limit 1;

-- name: server_time
-- The time of the server.
select now();

-- name: keep_statement
-- A statement that was read to its end. $9, $10: its period as stated, if it is.
insert into reconciliation.bank_statements
    (livemode, bank, name, sha256, size_bytes, location, format, parser_version, period_start, period_end, stated_totals,
     computed_totals, lines, known_lines)
select $1, $2, $3, $4, $5, $6, $7, $8, p.period_start, greatest(p.period_start, p.period_end), $11::jsonb, $12::jsonb, p.lines,
    (
        select count(*)
        from (
            select r.*, row_number() over (
                partition by currency, bank_reference, occurred_at, amount_minor, kind order by number
            ) as occurrence
            from read_bank_lines r
        ) r
        join reconciliation.bank_lines l using (currency, bank_reference, occurred_at, amount_minor, kind, occurrence)
        where l.livemode = $1 and l.bank = $2
    )
from (
    select coalesce($9, min(occurred_at), now()) as period_start, coalesce($10, max(occurred_at), now()) as period_end,
        count(*) as lines
    from read_bank_lines
) p
returning statement_no, lines, known_lines;

-- name: keep_lines
-- Its lines, but for those that an earlier statement had.
insert into reconciliation.bank_lines
    (statement_no, number, livemode, bank, kind, psp_type, bank_reference, about, currency, amount_minor, occurred_at, occurrence)
select $1, number, $2, $3, kind, psp_type, bank_reference, about, currency, amount_minor, occurred_at,
    row_number() over (partition by currency, bank_reference, occurred_at, amount_minor, kind order by number)
from read_bank_lines
order by number
on conflict on constraint bank_lines_count_once do nothing;

-- name: keep_account
-- The account that the first statement names.
update reconciliation.banks set stated_account = $3 where livemode = $1 and bank = $2 and stated_account is null;

-- name: list_statements
-- Statements, the last first, and what became of the lines that each was the first to have. $1 the mode, $2 a bank or null, $3 at most so many.
select s.statement_no, s.bank, b.stated_account, s.name, s.sha256, s.imported_at, s.period_start, s.period_end, s.lines, s.known_lines,
    c.of_payouts, c.matched, s.lines - s.known_lines - c.of_payouts as other
from reconciliation.bank_statements s
join reconciliation.banks b using (livemode, bank)
cross join lateral (
    select count(o.bank_line_no) as of_payouts, count(m.bank_line_no) as matched
    from reconciliation.bank_lines l
    left join reconciliation.bank_line_payouts o using (bank_line_no)
    left join reconciliation.bank_matches m using (bank_line_no)
    where l.statement_no = s.statement_no
) c
where s.livemode = $1 and ($2::text is null or s.bank = $2)
order by s.statement_no desc
limit $3;
