-- Where merchants want to hear of their charges, what is sent to them, and how each try went.
create schema if not exists notify;

create table notify.endpoints (
    endpoint_id         text        collate "C" primary key,
    merchant_id         text        not null,
    livemode            boolean     not null,
    url                 text        not null check (length(url) <= 2048),
    description         text        check (length(description) <= 500),
    event_types         text[]      not null check (cardinality(event_types) between 1 and 50),
    status              text        not null check (status in ('enabled', 'disabled')),
    disabled_reason     text        check (disabled_reason in ('by_merchant', 'gone', 'failing')),
    -- Sealed with AES-256-GCM under the key of the installation; the version counts the rotations.
    secret              bytea       not null,
    secret_version      integer     not null check (secret_version > 0),
    previous_secret     bytea,
    previous_expires_at timestamptz,
    created_at          timestamptz not null,
    -- Which transactions made the endpoint, and last changed what it wants. Whoever reads an event of a later one reads
    -- the endpoint as that transaction left it, because events are read only below the oldest transaction still running.
    created_tx          xid8        not null default pg_current_xact_id(),
    configured_tx       xid8        not null default pg_current_xact_id(),
    -- Failures in a row, and until when the endpoint is left alone because of them.
    failures            integer     not null default 0 check (failures >= 0),
    paused_until        timestamptz,
    last_success_at     timestamptz,
    constraint endpoints_disabled_for_a_reason check ((status = 'disabled') = (disabled_reason is not null)),
    constraint endpoints_previous_secret_expires
        check ((previous_secret is null) = (previous_expires_at is null))
);

create index endpoints_by_merchant on notify.endpoints (merchant_id, livemode, endpoint_id);

create table notify.deliveries (
    delivery_id     text        collate "C" primary key,
    endpoint_id     text        collate "C" not null references notify.endpoints,
    event_id        uuid        not null,
    event_type      text        not null,
    -- What is signed and sent, byte for byte the same at every attempt.
    body            bytea       not null check (octet_length(body) <= 20000),
    status          text        not null check (status in ('pending', 'delivered', 'failed')),
    failure         text        check (failure in ('exhausted', 'gone', 'endpoint_disabled')),
    -- Attempts begun ever, and since the delivery was made or last replayed; the schedule counts the latter.
    attempts        integer     not null default 0 check (attempts >= 0),
    round_attempts  integer     not null default 0 check (round_attempts >= 0),
    -- The first attempt since the delivery was made or last replayed.
    round_began_at  timestamptz,
    next_attempt_at timestamptz,
    -- An attempt is under way: since when, and when another process may take it for lost.
    leased_at       timestamptz,
    leased_until    timestamptz,
    created_at      timestamptz not null,
    finished_at     timestamptz,
    constraint deliveries_one_per_endpoint_and_event unique (endpoint_id, event_id),
    constraint deliveries_pending_are_due check ((status = 'pending') = (next_attempt_at is not null)),
    constraint deliveries_finished_when_not_pending check ((status = 'pending') = (finished_at is null)),
    constraint deliveries_failed_for_a_reason check ((status = 'failed') = (failure is not null)),
    constraint deliveries_leased_while_pending
        check ((leased_at is null) = (leased_until is null) and (leased_until is null or status = 'pending'))
);

create index deliveries_due on notify.deliveries (endpoint_id, next_attempt_at) where status = 'pending';
create index deliveries_under_way on notify.deliveries (endpoint_id, leased_until) where leased_until is not null;
create index deliveries_newest_first on notify.deliveries (endpoint_id, delivery_id);
create index deliveries_by_status on notify.deliveries (endpoint_id, status, delivery_id);
create index deliveries_by_age on notify.deliveries (finished_at) where status <> 'pending';

-- The endpoint's answer is not kept: what a stranger's server says is nobody's business but its status.
create table notify.attempts (
    delivery_id     text        collate "C" not null references notify.deliveries on delete cascade,
    attempt         integer     not null check (attempt > 0),
    began_at        timestamptz not null,
    response_status smallint,
    error           text,
    duration_ms     integer     check (duration_ms >= 0),
    primary key (delivery_id, attempt),
    constraint attempts_end_in_one_way check ((response_status is null) <> (error is null))
);

-- How far the consumer of the log has come; moved in the transaction that inserts the deliveries.
create table notify.checkpoints (
    consumer text        primary key,
    tx       bigint      not null,
    pos      bigint      not null,
    moved_at timestamptz not null default clock_timestamp()
);

grant usage on schema notify to fincore_service;
grant select, insert, update on notify.endpoints to fincore_service;
grant select, insert, update, delete on notify.deliveries to fincore_service;
grant select, insert, update, delete on notify.attempts to fincore_service;
grant select, insert, update on notify.checkpoints to fincore_service;
