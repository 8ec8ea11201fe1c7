-- Lines that settle payments of another currency: they match by what they say that customers paid or got back, in the currency of the
-- charge. The rules of such matches begin with `converted_`.

-- What runs matched of a file across currencies, by kind and pair of them: each row becomes one event of the file.
create table reconciliation.converted_totals (
    run_no             bigint  not null references reconciliation.runs,
    file_id            text    collate "C" not null references reconciliation.files,
    kind               text    collate "C" not null,
    currency           text    collate "C" not null,
    charge_currency    text    collate "C" not null check (charge_currency <> currency),
    -- Those of which no part is matched in one currency.
    lines              integer not null check (lines >= 0),
    gross_minor        bigint  not null,
    charge_gross_minor bigint  not null,
    primary key (run_no, file_id, kind, currency, charge_currency)
);

-- As before; across currencies a line is what the customer paid or got back, and its items are on an account of that currency.
create or replace function reconciliation.refuse_unequal_match() returns trigger language plpgsql as $$
declare
    others bigint;
    wrong record;
begin
    -- A row that pairs the line of its number with an equal item moves no sum. Counted rather than looked for: a plan for the first
    -- row would look up each of a million others by an index.
    execute $check$
        select count(*)
        from matched m
        left join reconciliation.lines l on l.line_no = m.line_no
        left join ledgerdb.clearing_items i on i.entry_id = m.entry_id and i.account_id = m.account_id
        where m.line_no is distinct from m.match_no or m.rule like 'converted\_%'
           or case m.part when 'gross' then l.gross_minor = i.gross_minor else l.fee_minor = i.fee_minor end is not true
    $check$ into others;
    if others = 0 then
        return null;
    end if;
    execute $check$
        select m.match_no, m.part
        from matched m
        left join reconciliation.lines l on l.line_no = m.line_no
        left join ledgerdb.clearing_items i on i.entry_id = m.entry_id and i.account_id = m.account_id
        group by m.match_no, m.part
        having coalesce(sum(
                case
                    when m.part = 'fee' then l.fee_minor
                    when m.rule like 'converted\_%' then l.presentment_minor
                    else l.gross_minor
                end
            ), 0) <> coalesce(sum(case m.part when 'gross' then i.gross_minor else i.fee_minor end), 0)
            or coalesce(min(m.line_no), -max(m.entry_id)) is distinct from m.match_no
            or count(m.line_no) <> count(l.line_no)
            or count(m.entry_id) <> count(i.entry_id)
            or count(m.line_no) = 0 and (count(distinct m.account_id) > 1 or not bool_or(i.kind = 'adjustment'))
        limit 1
    $check$ into wrong;
    if wrong.match_no is not null then
        raise exception 'the % sides of the match % are not equal', wrong.part, wrong.match_no
            using errcode = 'check_violation', hint = 'match lines and items only where their sums are equal';
    end if;
    execute $check$
        select m.match_no, m.part
        from matched m
        left join reconciliation.lines l on l.line_no = m.line_no
        left join ledgerdb.accounts a on a.account_id = m.account_id
        where m.rule like 'converted\_%'
        group by m.match_no, m.part
        having m.part <> 'gross' or count(distinct coalesce(l.presentment_currency, a.currency)) > 1
            or min(l.presentment_currency) <> min(a.currency) or max(l.presentment_currency) <> max(a.currency)
        limit 1
    $check$ into wrong;
    if wrong.match_no is not null then
        raise exception 'the lines and the items of the match % are not of one currency', wrong.match_no
            using errcode = 'check_violation', hint = 'match lines with items in the currency of the charge';
    end if;
    return null;
end
$$;

-- What runs matched, in one currency and across two: as lines state it, and as it left clearing.
create view reconciliation.matched_of_lines as
select run_no, file_id, kind, currency, lines, gross_minor, fee_minor from reconciliation.matched_totals
union all
select run_no, file_id, kind, currency, lines, gross_minor, 0 from reconciliation.converted_totals;

create view reconciliation.matched_of_clearing as
select run_no, file_id, kind, currency, gross_minor + fee_minor as amount_minor from reconciliation.matched_totals
union all
select run_no, file_id, kind, charge_currency, charge_gross_minor from reconciliation.converted_totals;

grant select, insert on reconciliation.converted_totals to fincore_service;
grant select on reconciliation.matched_of_lines, reconciliation.matched_of_clearing to fincore_service;
