-- name: keep_notice
-- A notice, unless there is one about the same.
insert into reconciliation.notices (about, notice) values ($1, $2::text::jsonb) on conflict (about) do nothing returning notice_no;

-- name: keep_deliveries
-- The notice $1 is due on the channels $2.
insert into reconciliation.notice_deliveries (notice_no, channel) select $1, unnest($2::text[]);

-- name: claim
-- The oldest notice that is due on the channel $1, for one attempt within $2 seconds. A lease beyond that, or a pause beyond $3, was
-- given by a wrong clock.
update reconciliation.notice_deliveries d
set attempts = d.attempts + 1, leased_until = clock_timestamp() + make_interval(secs => $2)
from (
    select notice_no, channel
    from reconciliation.notice_deliveries
    where channel = $1 and status = 'waiting'
      and (next_attempt_at <= clock_timestamp() or next_attempt_at > clock_timestamp() + $3::interval)
      and (
        leased_until is null or leased_until < clock_timestamp()
        or leased_until > clock_timestamp() + make_interval(secs => $2)
    )
    order by notice_no
    limit 1
    for update skip locked
) due
join reconciliation.notices n using (notice_no)
where d.notice_no = due.notice_no and d.channel = due.channel
returning d.notice_no, d.attempts, n.notice::text as notice;

-- name: sent
-- The notice $1 arrived on the channel $2, by this attempt or by one that was taken for lost.
update reconciliation.notice_deliveries
set status = 'sent', failure = null, leased_until = null, finished_at = clock_timestamp()
where notice_no = $1 and channel = $2 and status <> 'sent';

-- name: not_sent
-- The attempt $3 failed for the reason $4; the next one is $5 later, and there is none where that is null. A later attempt has the word.
update reconciliation.notice_deliveries
set status = case when $5::interval is null then 'dead' else 'waiting' end, failure = $4, leased_until = null,
    next_attempt_at = clock_timestamp() + coalesce($5, interval '0'),
    finished_at = case when $5::interval is null then clock_timestamp() end
where notice_no = $1 and channel = $2 and attempts = $3 and status = 'waiting';

-- name: give_up_channels
-- What is due since a day on channels that are none of $1 is sent no more: another process may send on them until then.
update reconciliation.notice_deliveries
set status = 'dead', failure = 'the channel is set no more', leased_until = null, finished_at = clock_timestamp()
where status = 'waiting' and channel <> all ($1::text[]) and next_attempt_at < clock_timestamp() - interval '1 day';

-- name: forget
-- Notices of long ago that wait on no channel, findings that ended and runs that failed then; $1 days are kept.
with old as (select clock_timestamp() - make_interval(days => $1) as before),
findings as (delete from reconciliation.findings f using old where f.ended_at < old.before),
failed as (delete from reconciliation.failed_runs r using old where r.failed_at < old.before)
delete from reconciliation.notices n
using old
where n.made_at < old.before
  and not exists (select from reconciliation.notice_deliveries d where d.notice_no = n.notice_no and d.status = 'waiting');

-- name: list_notices
-- The last $1 notices, the newest first, with each channel.
select n.notice_no, n.made_at, n.notice::text as notice, d.channel, d.status, d.attempts, d.failure, d.next_attempt_at
from (select * from reconciliation.notices order by notice_no desc limit $1) n
left join reconciliation.notice_deliveries d using (notice_no)
order by n.notice_no desc, d.channel;

-- name: measure
-- How each channel stands: what waits, for how long that which waits longest, and what was given up within a day.
select channel, count(*) filter (where status = 'waiting') as waiting,
    count(*) filter (where status = 'dead' and finished_at > clock_timestamp() - interval '1 day') as dead,
    coalesce(extract(epoch from clock_timestamp() - min(n.made_at) filter (where status = 'waiting')), 0)::double precision as oldest_seconds
from reconciliation.notice_deliveries d
join reconciliation.notices n using (notice_no)
group by channel;

-- name: look_age
-- How long ago the last look ended that made every notice there was to make.
select greatest(extract(epoch from clock_timestamp() - looked_at), 0)::double precision from reconciliation.told;
