-- The raw body of a webhook is kept for a time only: it holds names, addresses and client secrets. The key and the hash
-- stay for ever: they are the guard against an event that is delivered again.
alter table eventstore.inbox
    alter column body drop not null,
    add column body_sha256 bytea,
    add column is_interesting boolean,
    add constraint inbox_body_or_its_hash check (body is not null or body_sha256 is not null);

comment on column eventstore.inbox.body is 'raw, as received and verified; null once its retention is over';
comment on column eventstore.inbox.body_sha256 is
    'SHA-256 of the raw body; null for a row that is older than this column and still has its body';
comment on column eventstore.inbox.is_interesting is
    'whether a job reads events of this type; null for a row that is older than this column';

create index inbox_bodies_by_age on eventstore.inbox (received_at) where body is not null;
create index inbox_uninteresting_bodies_by_age on eventstore.inbox (received_at)
    where body is not null and not is_interesting;

grant update (body, body_sha256) on eventstore.inbox to fincore_service;
