-- name: begin_attempt
-- Count an attempt unless it must wait: for how many seconds, 0 where it may be made now.
with counted as (
    insert into staff.login_attempts as attempted (kind, key_hash, attempts, last_at, allowed_at)
    values ($1, $2, 1, clock_timestamp(), '-infinity')
    on conflict (kind, key_hash) do update
    set attempts = case
            when attempted.last_at < clock_timestamp() - make_interval(secs => $6::float8) then 1
            else least(attempted.attempts + 1, 1000000)
        end,
        last_at = clock_timestamp(),
        allowed_at = case
            when attempted.last_at < clock_timestamp() - make_interval(secs => $6::float8) then '-infinity'
            when attempted.attempts + 1 <= $3::float8 then '-infinity'
            else clock_timestamp() + make_interval(secs => least($5::float8, $4::float8 * power(2, least(attempted.attempts - $3::float8, 30))))
        end
    where attempted.allowed_at <= clock_timestamp()
    returning kind
)
select case
    when exists (select from counted) then 0
    else coalesce((
        select greatest(0.001, extract(epoch from attempted.allowed_at - clock_timestamp()))
        from staff.login_attempts as attempted
        where attempted.kind = $1 and attempted.key_hash = $2
    ), 1)
end::float8;

-- name: forget_attempts
-- Forget the attempts on an account.
delete from staff.login_attempts where kind = 'account' and key_hash = $1;

-- name: purge_attempts
-- Delete attempts that are too old to count.
delete from staff.login_attempts where last_at < clock_timestamp() - make_interval(secs => $1);
