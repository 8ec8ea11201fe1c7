-- name: purge_counted_refunds
-- Delete counted refunds older than the retention by this server's clock, a bounded number of the oldest.
delete from staff.counted_refunds c
using (
    select owner, livemode, key, day
    from staff.counted_refunds
    where counted_at < clock_timestamp() - $1::interval
    order by counted_at
    limit $2
) old
where (c.owner, c.livemode, c.key, c.day) = (old.owner, old.livemode, old.key, old.day);

-- name: purge_proposals
-- Delete proposals that were made and ended before the retention, with their steps, a bounded number of the oldest.
with old as (
    select p.proposal_id
    from staff.proposals p
    where p.proposed_at < clock_timestamp() - $1::interval and p.status not in ('proposed', 'approved')
      and not exists (
          select from staff.proposal_steps s
          where s.proposal_id = p.proposal_id and s.taken_at >= clock_timestamp() - $1::interval
      )
    order by p.proposed_at
    limit $2
), steps as (
    delete from staff.proposal_steps s using old where s.proposal_id = old.proposal_id
)
delete from staff.proposals p using old where p.proposal_id = old.proposal_id;
