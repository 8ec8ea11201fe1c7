-- Conversions that PSPs tell by two lines, one of each currency: what they moved is booked with their files, and what they realised is told
-- by the run that takes up the later line.

-- Each pair of such lines, in the file of the later one: what went out of one currency and came in another. A line that repeats an earlier
-- one is of no pair. `named_currency` is that of the payment or refund that the conversion names, where its line moved either of the two.
create view reconciliation.conversion_pairs as
select l.file_id, l.line_no, f.livemode, f.psp, f.psp_account, p.out_currency, p.out_minor, p.in_currency, p.in_minor, n.named_currency
from reconciliation.lines l
join reconciliation.files f using (file_id)
cross join lateral (
    select count(*) as lines, max(t.line_no) as line_no,
        min(t.currency) filter (where t.gross_minor < 0) as out_currency, min(t.gross_minor) filter (where t.gross_minor < 0) as out_minor,
        min(t.currency) filter (where t.gross_minor > 0) as in_currency, min(t.gross_minor) filter (where t.gross_minor > 0) as in_minor
    from (
        select distinct on (o.psp_reference, o.currency) o.line_no, o.currency, o.gross_minor
        from reconciliation.lines o
        join reconciliation.files g using (file_id)
        where o.kind = 'conversion' and (o.conversion = l.conversion or o.psp_reference = l.conversion) and o.line_no <= l.line_no
          and (g.livemode, g.psp, g.psp_account) = (f.livemode, f.psp, f.psp_account)
        order by o.psp_reference, o.currency, o.line_no
    ) t
) p
left join lateral (
    select min(o.currency) as named_currency
    from reconciliation.lines o
    join reconciliation.files g using (file_id)
    where o.psp_reference = l.parent_reference and o.kind in ('payment', 'refund') and o.currency in (p.out_currency, p.in_currency)
      and (g.livemode, g.psp, g.psp_account) = (f.livemode, f.psp, f.psp_account)
    having count(distinct o.currency) = 1
) n on true
where l.kind = 'conversion' and p.lines = 2 and p.line_no = l.line_no and p.out_currency <> p.in_currency;
grant select on reconciliation.conversion_pairs to fincore_service;

-- `converted_totals` has these pairs, too, of the kind `conversion` and with no lines: `gross_minor` is what they brought in the currency of
-- settlement, `charge_gross_minor` what was converted for it. Neither was ever unmatched or on clearing.
create or replace view reconciliation.matched_of_lines as
select run_no, file_id, kind, currency, lines, gross_minor, fee_minor from reconciliation.matched_totals
union all
select run_no, file_id, kind, currency, lines, gross_minor, 0 from reconciliation.converted_totals where kind <> 'conversion';

create or replace view reconciliation.matched_of_clearing as
select run_no, file_id, kind, currency, gross_minor + fee_minor as amount_minor from reconciliation.matched_totals
union all
select run_no, file_id, kind, charge_currency, charge_gross_minor from reconciliation.converted_totals where kind <> 'conversion';
