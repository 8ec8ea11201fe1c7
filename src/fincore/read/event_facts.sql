-- name: event_facts
-- An event of the log, and who caused it.
select type, version, recorded_at, metadata ->> 'actor' as actor, metadata ->> 'correlation' as correlation,
    metadata ->> 'causation' as causation
from eventstore.events
where event_id = $1;
