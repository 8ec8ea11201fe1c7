-- The two sides of a match are equal, and of one currency: amounts alone may be equal in two. Across currencies a line is what the customer
-- paid or got back, and its items are on an account of that currency.
-- A match of items alone is one with an adjustment among them, and has the number of the last of their entries, below zero. Each row names
-- lines and items that are there, in one account and currency.
-- A match of one line with one equal item, as nearly all are, is checked without putting its rows together; the sums follow where one of the
-- batch is of another kind.

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
        left join ledgerdb.accounts a on a.account_id = m.account_id
        where m.line_no is distinct from m.match_no or m.rule like 'converted\_%' or l.currency is distinct from a.currency
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
        cross join lateral (values (
            case when m.rule like 'converted\_%' then l.presentment_currency else l.currency end
        )) as told (currency)
        group by m.match_no, m.part
        having bool_or(m.rule like 'converted\_%' and m.part <> 'gross')
            or count(distinct coalesce(told.currency, a.currency)) > 1
            or min(told.currency) <> min(a.currency) or max(told.currency) <> max(a.currency)
        limit 1
    $check$ into wrong;
    if wrong.match_no is not null then
        raise exception 'the lines and the items of the match % are not of one currency', wrong.match_no
            using errcode = 'check_violation', hint = 'match lines with items in the currency of the charge';
    end if;
    return null;
end
$$;
