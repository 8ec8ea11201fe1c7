-- The people of the built-in issuer, and what it must remember to log them in: keys that sign, attempts, sessions, codes, tokens.
-- Of each secret that a person or a browser holds only a hash is here.
create schema if not exists staff;

create table staff.people (
    subject         text        collate "C" primary key check (subject ~ '^per_[0-9a-z]{26}$'),
    username        text        not null check (length(username) between 1 and 255),
    -- What two names of one person would have in common: NFKC, letter case folded.
    username_key    text        collate "C" not null unique check (length(username_key) between 1 and 255),
    name            text        not null check (length(name) between 1 and 255),
    -- Each a role, with :live or :test and @mer_... where it counts there alone.
    groups          text[]      collate "C" not null check (cardinality(groups) between 1 and 50),
    added_at        timestamptz not null default clock_timestamp(),
    disabled_at     timestamptz,
    -- scrypt (RFC 7914) with its parameters.
    password_hash   bytea       not null check (octet_length(password_hash) = 32),
    password_salt   bytea       not null check (octet_length(password_salt) = 16),
    password_n      integer     not null check (password_n between 16384 and 1048576),
    password_r      integer     not null check (password_r between 8 and 32),
    password_p      integer     not null check (password_p between 1 and 16),
    password_set_at timestamptz not null default clock_timestamp(),
    -- Which of the person's passwords it is: what was begun with another one counts no more, however late it was written.
    password_number integer     not null default 1 check (password_number > 0),
    -- Until when a one-time password lets its person set another; null: the person chose it.
    one_time_until  timestamptz
);

create table staff.signing_keys (
    key_id          text        collate "C" primary key check (length(key_id) between 1 and 64),
    public_key      jsonb       not null check (jsonb_typeof(public_key) = 'object' and not public_key ? 'd'),
    -- Encrypted under the key that FINCORE_SECRETS_KEY holds.
    private_key     bytea       not null check (octet_length(private_key) between 100 and 8192),
    begun_at        timestamptz not null default clock_timestamp(),
    retired_at      timestamptz check (retired_at >= begun_at)
);
create unique index signing_keys_one_signs on staff.signing_keys ((true)) where retired_at is null;

-- Attempts to log in, each counted before its password is looked at; those of names that no person has, too.
create table staff.login_attempts (
    kind            text        collate "C" not null check (kind in ('account', 'address')),
    key_hash        bytea       not null check (octet_length(key_hash) = 32),
    attempts        integer     not null check (attempts > 0),
    last_at         timestamptz not null,
    -- When the next attempt may be made.
    allowed_at      timestamptz not null,
    primary key (kind, key_hash)
);
create index login_attempts_by_age on staff.login_attempts (last_at);

-- Sessions of browsers at the issuer.
create table staff.sessions (
    session_hash    bytea       primary key check (octet_length(session_hash) = 32),
    subject         text        collate "C" not null references staff.people on delete cascade,
    -- The password that began it.
    password_number integer     not null check (password_number > 0),
    begun_at        timestamptz not null default clock_timestamp(),
    seen_at         timestamptz not null default clock_timestamp(),
    ended_at        timestamptz
);
create index sessions_of_people on staff.sessions (subject);
create index sessions_by_age on staff.sessions (begun_at);

-- What lets a person who showed a one-time password choose another.
create table staff.password_tickets (
    ticket_hash     bytea       primary key check (octet_length(ticket_hash) = 32),
    subject         text        collate "C" not null references staff.people on delete cascade,
    password_number integer     not null check (password_number > 0),
    issued_at       timestamptz not null default clock_timestamp(),
    used_at         timestamptz
);
create index password_tickets_of_people on staff.password_tickets (subject);

-- A family of refresh tokens: all that follow from one login. It ends as a whole.
create table staff.token_families (
    family_id       uuid        primary key,
    session_hash    bytea       not null references staff.sessions on delete cascade,
    begun_at        timestamptz not null default clock_timestamp(),
    ended_at        timestamptz,
    ended_by        text        collate "C" check (ended_by in ('code_reused', 'token_reused')),
    check ((ended_at is null) = (ended_by is null))
);
create index token_families_of_sessions on staff.token_families (session_hash);

create table staff.authorization_codes (
    code_hash       bytea       primary key check (octet_length(code_hash) = 32),
    session_hash    bytea       not null references staff.sessions on delete cascade,
    redirect_uri    text        collate "C" not null,
    code_challenge  text        collate "C" not null,
    nonce           text,
    issued_at       timestamptz not null default clock_timestamp(),
    used_at         timestamptz,
    -- The family that it began.
    family_id       uuid        references staff.token_families on delete cascade
);
create index authorization_codes_of_sessions on staff.authorization_codes (session_hash);

create table staff.refresh_tokens (
    token_hash      bytea       primary key check (octet_length(token_hash) = 32),
    family_id       uuid        not null references staff.token_families on delete cascade,
    issued_at       timestamptz not null default clock_timestamp(),
    used_at         timestamptz
);
create index refresh_tokens_of_families on staff.refresh_tokens (family_id);

grant usage on schema staff to fincore_service;
grant select, insert, update on staff.people, staff.signing_keys to fincore_service;
grant select, insert, update, delete on staff.login_attempts, staff.sessions, staff.password_tickets, staff.token_families,
    staff.authorization_codes, staff.refresh_tokens to fincore_service;
