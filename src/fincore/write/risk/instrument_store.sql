-- name: find_instruments
-- What PSPs told of the cards behind some tokens.
select instrument, brand, country, funding, fingerprint from risk.instruments where instrument = any($1::bytea[]);

-- name: purge_instruments
-- Delete the facts of cards that have lapsed, a bounded number at a time.
with old as (
    select instrument from risk.instruments
    where lapses_on < ((now() - $1::interval) at time zone 'utc')::date
    limit $2
    for update skip locked
)
delete from risk.instruments i using old where i.instrument = old.instrument;
