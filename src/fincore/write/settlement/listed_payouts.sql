-- name: list_payouts
-- The streams of the payouts that became known last: all, or those of one account at a PSP, of one id there, or with one last event.
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
          where last.stream_id = created.stream_id
          order by last.version desc
          limit 1
      )
  )
order by created.tx desc, created.pos desc
limit $5;
