-- name: take_turn_of_person
-- One proposal of the person who is counted as $1 after the other, so that the bound counts all of them.
select pg_advisory_xact_lock(hashtext('fincore.staff.proposals:' || $1::text));

-- name: open_of_person
-- How many proposals of the person wait.
select count(*) from staff.proposals where status = 'proposed' and proposer_counted_for = $1;

-- name: add_proposal
-- A further proposal.
insert into staff.proposals
    (proposal_id, kind, livemode, merchant_id, object_id, amount_minor, currency, act, proposer_subject, proposer_username,
     proposer_counted_for, reason, needed_because)
values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12, $13);

-- name: read_proposal
-- One proposal as it stands, and the step of a person that decided it.
select p.proposal_id, p.kind, p.status, p.livemode, p.merchant_id, p.object_id, p.amount_minor, p.currency, p.act::text as act,
    p.proposer_subject, p.proposer_username, p.reason, p.needed_because, p.proposed_at, p.expires_at,
    d.subject as decider_subject, d.username as decider_username, d.reason as decided_reason, d.taken_at as decided_at,
    coalesce(e.result, d.result) as result, w.waiting_minor, g.agreed_minor
from staff.proposals p
left join staff.proposal_steps d on d.proposal_id = p.proposal_id and d.status_before = 'proposed'
left join staff.proposal_steps e on e.proposal_id = p.proposal_id and e.status_before = 'approved'
left join lateral staff.waiting_of_person(p.proposer_counted_for, p.kind = 'refund', p.currency, p.livemode) as w (waiting_minor)
    on p.currency is not null
left join lateral staff.agreed_with_person_today(p.proposer_counted_for, p.kind = 'refund', p.currency, p.livemode)
    as g (agreed_minor) on p.currency is not null
where p.proposal_id = $1;

-- name: list_proposals
-- Proposals of a mode, and those of no mode where $2, of some merchants, the latest first.
select p.proposal_id, p.kind, p.status, p.livemode, p.merchant_id, p.object_id, p.amount_minor, p.currency, p.act::text as act,
    p.proposer_subject, p.proposer_username, p.reason, p.needed_because, p.proposed_at, p.expires_at,
    d.subject as decider_subject, d.username as decider_username, d.reason as decided_reason, d.taken_at as decided_at,
    coalesce(e.result, d.result) as result, w.waiting_minor, g.agreed_minor
from staff.proposals p
left join staff.proposal_steps d on d.proposal_id = p.proposal_id and d.status_before = 'proposed'
left join staff.proposal_steps e on e.proposal_id = p.proposal_id and e.status_before = 'approved'
left join lateral staff.waiting_of_person(p.proposer_counted_for, p.kind = 'refund', p.currency, p.livemode) as w (waiting_minor)
    on p.currency is not null
left join lateral staff.agreed_with_person_today(p.proposer_counted_for, p.kind = 'refund', p.currency, p.livemode)
    as g (agreed_minor) on p.currency is not null
where (p.livemode = $1 or p.livemode is null and $2)
  and ($3::text[] is null or p.merchant_id = any($3))
  and ($4::text[] is null or p.status = any($4))
  and ($5::text is null or p.object_id = $5)
  and ($6::text is null or p.proposer_subject = $6)
  and ($7::text is null or p.proposer_subject <> $7)
  and ($8::text is null or p.proposal_id < $8)
order by p.proposal_id desc
limit $9;

-- name: server_time
-- The time by which proposals end.
select clock_timestamp();

-- name: take_step
-- A step; the trigger refuses one that is not possible.
insert into staff.proposal_steps (proposal_id, status_before, step, subject, username, counted_for, reason, result)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: under_way
-- Proposals after $2 that two people agreed on and that are to be carried out still, oldest first.
select proposal_id from staff.proposals where status = 'approved' and proposal_id > $2 order by proposal_id limit $1;

-- name: refuse_open_of
-- End what a person of the built-in issuer proposed and that waits.
select staff.refuse_open_proposals_of($1, $2);

-- name: is_proposer_disabled
-- Whether a person of the built-in issuer is disabled; false for a subject of another issuer.
select exists (select from staff.people where subject = $1 and disabled_at is not null);

-- name: over
-- Proposals that waited too long, oldest first.
select proposal_id from staff.proposals where status = 'proposed' and expires_at <= clock_timestamp() order by expires_at limit $1;

-- name: take_turn_of_proposal
-- One process at a time carries a proposal out in a transaction.
select pg_advisory_xact_lock(hashtext('fincore.staff.proposal:' || $1::text));

-- name: waiting
-- How many proposals of some kinds wait that another person than $4 made, $5 at most, and since when the oldest has.
select count(*)::integer as proposals, min(proposed_at) as oldest_at
from (
    select proposed_at
    from staff.proposals
    where status = 'proposed' and expires_at > clock_timestamp()
      and (livemode = $1 or livemode is null and $1)
      and ($2::text[] is null or merchant_id = any($2))
      and kind = any($3) and proposer_counted_for <> $4
    order by expires_at
    limit $5
) found;

-- name: measure
-- How many proposals wait, and for how long the oldest that was agreed on has not been carried out.
select
    (select count(*) from staff.proposals where status = 'proposed') as waiting,
    coalesce((
        select extract(epoch from clock_timestamp() - min(s.taken_at))
        from staff.proposals p
        join staff.proposal_steps s on s.proposal_id = p.proposal_id and s.status_before = 'proposed'
        where p.status = 'approved'
    ), 0)::float8 as agreed_seconds;

-- name: waiting_of_person
-- What the person who is counted as $1 proposed and that waits, in a currency and mode: refunds, or else adjustments.
select staff.waiting_of_person($1, $2, $3, $4);
