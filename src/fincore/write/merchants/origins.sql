-- name: add_origin
-- Register an origin in the first free place; nothing where it is registered already or no place is free.
insert into merchants.origins (merchant_id, livemode, place, origin, added_at)
select $1, $2, min(free.place), $3, $4
from generate_series(1, $5::integer) free (place)
where not exists (
    select from merchants.origins o where o.merchant_id = $1 and o.livemode = $2 and o.place = free.place
)
having min(free.place) is not null
on conflict (merchant_id, livemode, origin) do nothing;

-- name: is_origin
-- Whether a merchant has an origin in a mode.
select exists (select from merchants.origins where merchant_id = $1 and livemode = $2 and origin = $3);

-- name: list_origins
-- The origins of a merchant, those of test mode first.
select origin, livemode, added_at from merchants.origins where merchant_id = $1 order by livemode, origin;

-- name: remove_origin
-- Take an origin out.
delete from merchants.origins where merchant_id = $1 and livemode = $2 and origin = $3;

-- name: find_origins
-- Which of some origins are registered, by a merchant for a mode; the merchant is left out of a question about any.
select q.origin, q.merchant_id, q.livemode
from unnest($1::text[], $2::text[], $3::boolean[]) q (origin, merchant_id, livemode)
where exists (
    select from merchants.origins o
    where o.origin = q.origin
      and (q.merchant_id is null or (o.merchant_id = q.merchant_id and o.livemode = q.livemode))
);
