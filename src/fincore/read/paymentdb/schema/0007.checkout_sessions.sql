-- Checkout sessions: columns to filter and sort by, and the whole session as it stands.
create table paymentdb.checkout_sessions (
    session_id  text        collate "C" primary key,
    stream_id   uuid        not null,
    version     integer     not null,
    merchant_id text        not null,
    livemode    boolean     not null,
    status      text        not null,
    session     jsonb       not null,
    created_at  timestamptz not null,
    -- When the last event in the row was recorded: a rebuilt row says the same as the live one.
    updated_at  timestamptz not null
);

-- Every list is newest first by (created_at, session_id), so each of these finds any page by one descent.
create index checkout_sessions_newest_first on paymentdb.checkout_sessions
    (merchant_id, livemode, created_at, session_id);
create index checkout_sessions_by_status on paymentdb.checkout_sessions
    (merchant_id, livemode, status, created_at, session_id);

grant select, insert, update on paymentdb.checkout_sessions to fincore_service;
