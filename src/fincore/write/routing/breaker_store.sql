-- name: add_counts
-- Add what a process has seen since it last told, to the bucket of this moment by the server's clock.
insert into routing.breaker_counts as c (psp, account, bucket, available, unavailable)
select psp, account, date_bin($5::interval, now(), 'epoch'), available, unavailable
from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as seen (psp, account, available, unavailable)
on conflict (psp, account, bucket) do update
set available = c.available + excluded.available, unavailable = c.unavailable + excluded.unavailable;

-- name: drop_old_counts
-- Delete what is past the window, and what a clock counted that has been set back since.
delete from routing.breaker_counts where bucket <= now() - $1::interval or bucket > now() + $1::interval;

-- name: read_breakers
-- Every account that was called lately or has a breaker with a state, with its counts in the window. What ends later than the longest wait
-- from now was written before the clock was set back: it is over. What has been over for longer than $3 is of an account that no call asks for,
-- such as one that was taken out of the settings: its breaker is closed.
select
    psp, account,
    coalesce(b.state, 'closed') as state,
    case when b.until <= now() + make_interval(secs => $2) then extract(epoch from b.until - now()) else 0 end::float8 as seconds_left,
    coalesce(b.waits, 0) as waits,
    coalesce(b.openings, 0) as openings,
    coalesce(b.reason, '') as reason,
    b.changed_at,
    coalesce(c.available, 0)::bigint as available,
    coalesce(c.unavailable, 0)::bigint as unavailable
from (select * from routing.breakers where state = 'closed' or until > now() - $3::interval) b
full join (
    select psp, account, sum(available) as available, sum(unavailable) as unavailable
    from routing.breaker_counts
    where bucket > now() - $1::interval and bucket <= now() + $1::interval
    group by psp, account
) c using (psp, account)
order by psp, account;

-- name: open_breaker
-- Open a closed breaker, one that no call has asked for since its wait was over, or one that has no row yet. No row comes back where another
-- process was faster.
insert into routing.breakers as b (psp, account, state, until, waits, openings, reason, changed_at)
values ($1, $2, 'open', now() + make_interval(secs => $3), 1, 1, $4, now())
on conflict (psp, account) do update
set state = 'open', until = excluded.until, waits = 1, openings = b.openings + 1,
    reason = excluded.reason, changed_at = excluded.changed_at
where b.state = 'closed' or b.until <= now() - $5::interval
returning true;

-- name: claim_probe
-- Claim the one call that tries an account: its wait is over, or the process that tried it before did not report in time. An end beyond
-- the longest wait is none.
update routing.breakers
set state = 'half_open', until = now() + make_interval(secs => $3), changed_at = now()
where psp = $1 and account = $2 and state in ('open', 'half_open')
    and (until <= now() or until > now() + make_interval(secs => $4))
returning true;

-- name: close_breaker
-- Close a breaker after the call that tried it reached the account, and forget what was counted before.
with closed as (
    update routing.breakers
    set state = 'closed', until = null, waits = 0, reason = '', changed_at = now()
    where psp = $1 and account = $2 and state = 'half_open'
    returning psp, account
),
forgotten as (
    delete from routing.breaker_counts where (psp, account) in (select psp, account from closed)
)
select true from closed;

-- name: reopen_breaker
-- Open a breaker again after the call that tried it did not reach the account.
update routing.breakers
set state = 'open', until = now() + make_interval(secs => $3), waits = $4, reason = $5, changed_at = now()
where psp = $1 and account = $2 and state = 'half_open'
returning true;
