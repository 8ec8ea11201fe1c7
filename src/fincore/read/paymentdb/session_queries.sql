-- name: find_session
-- One checkout session of a merchant, in one mode.
select *
from paymentdb.checkout_sessions
where session_id = $3 and merchant_id = $1 and livemode = $2;

-- name: last_session
-- The checkout session of any merchant and mode that was created last: ids are in the order of time.
select *
from paymentdb.checkout_sessions
order by session_id desc
limit 1;

-- name: list_sessions
-- A merchant's checkout sessions, newest first, through any of the conditions below.
select *
from paymentdb.checkout_sessions s
where s.merchant_id = $1 and s.livemode = $2{conditions}
order by s.created_at desc, s.session_id desc
limit $3;

-- name: after_session
-- Those that come after a session in the list; none where the merchant has no such session.
(s.created_at, s.session_id) < (
    select a.created_at, a.session_id
    from paymentdb.checkout_sessions a
    where a.session_id = {value} and a.merchant_id = $1 and a.livemode = $2
);

-- name: with_status
-- Those in a state.
s.status = {value};

-- name: with_statuses
-- Those in one of some states.
s.status = any ({value}::text[]);

-- name: created_from
-- Those created at a moment or after it.
s.created_at >= {value};

-- name: created_before
-- Those created before a moment.
s.created_at < {value};
