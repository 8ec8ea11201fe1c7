-- name: holdings
-- What the books hold of some charges on the accounts that bound what may go back, a row for each of them, on the account's
-- normal side. A dispute leaves open what may be refunded. Retired accounts count for those that replaced them.
select
    e.stream_id,
    case split_part(a.name, ':', 1)
        when 'merchant' then 'merchant_payable'
        when 'psp' then 'psp_held'
        when 'expense' then split_part(a.name, ':', 2)
        else 'reversals_payable'
    end as code,
    a.currency,
    sum(case p.side when a.normal_side then p.amount_minor else -p.amount_minor end)::bigint as held_minor
from entries e
join postings p using (entry_id)
join accounts a using (account_id)
where e.stream_id = any ($1::uuid[])
  and case a.type
      when 'liability' then p.leg in (1, 2) and (a.owner = '' or e.kind not like 'dispute.%')
      when 'asset' then split_part(a.name, ':', 4) = 'held'
      else a.type = 'expense'
  end
group by e.stream_id, code, a.currency;
