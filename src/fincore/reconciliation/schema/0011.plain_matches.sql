-- A match of one line with one equal item, as nearly all are, is checked without putting its rows together. Those of one batch are
-- looked at first; the check of sums follows where one is of another kind.

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
        where m.line_no is distinct from m.match_no
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
