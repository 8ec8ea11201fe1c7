-- name: list_payouts
-- The streams of the payouts that became known last: all, or those of one account at a PSP, of one id there, with one status, by the last event that changed it, of one mode, and after one.
select created.stream_id
from eventstore.events created
where created.type = 'payout.created'
  and ($1::text is null or created.data ->> 'psp' = $1)
  and ($2::text is null or created.data ->> 'psp_account' = $2)
  and ($3::text is null or created.data ->> 'psp_reference' = $3)
  and (
      $4::text is null
      or $4 = (
          select last.type
          from eventstore.events last
          where last.stream_id = created.stream_id and last.type <> 'payout.bank_reference_told'
          order by last.version desc
          limit 1
      )
  )
  and ($6::boolean is null or (created.data ->> 'livemode')::boolean = $6)
  and (
      $7::uuid is null
      or (created.tx, created.pos) < (select a.tx, a.pos from eventstore.events a where a.stream_id = $7 and a.version = 1)
  )
order by created.tx desc, created.pos desc
limit $5;
