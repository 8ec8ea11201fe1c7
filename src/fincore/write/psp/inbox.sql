-- name: body_of
-- The raw bytes of an event a PSP sent.
select body from eventstore.inbox where psp = $1 and psp_account = $2 and psp_event_id = $3;
