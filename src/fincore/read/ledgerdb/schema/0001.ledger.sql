-- A double-entry ledger. Test and live money are two ledgers that never meet: each account and entry is in one mode.
create schema if not exists ledgerdb;

create table ledgerdb.accounts (
    account_id    bigint  generated always as identity primary key,
    livemode      boolean not null,
    name          text    not null,
    currency      text    not null,
    -- The side on which the account grows: debit for what we own, credit for what we owe.
    normal_side   text    not null check (normal_side in ('debit', 'credit')),
    -- On the normal side; what the last posting left. Derived from the postings, kept to find the next one's.
    balance_minor bigint  not null default 0,
    -- How many postings the account has.
    version       bigint  not null default 0 check (version >= 0),
    unique (livemode, name)
);

create table ledgerdb.entries (
    entry_id     bigint      generated always as identity primary key,
    -- The event that moved the money: it is booked once.
    event_id     uuid        not null unique,
    livemode     boolean     not null,
    kind         text        not null,
    stream_id    uuid        not null,
    -- When it happened at the PSP; booked_at is when we wrote it down.
    effective_at timestamptz not null,
    booked_at    timestamptz not null default clock_timestamp(),
    description  text        not null
);

create index entries_by_stream on ledgerdb.entries (stream_id, entry_id);

create table ledgerdb.postings (
    entry_id            bigint   not null,
    leg                 smallint not null check (leg > 0),
    account_id          bigint   not null,
    side                text     not null check (side in ('debit', 'credit')),
    amount_minor        bigint   not null check (amount_minor > 0),
    currency            text     not null,
    -- The account after this posting, on its normal side: as-of any time is one look-up by (account_id, account_version).
    balance_after_minor bigint   not null,
    account_version     bigint   not null check (account_version > 0),
    primary key (entry_id, leg),
    unique (account_id, account_version)
);

-- How far each consumer of the log has come; moved in the transaction that writes the consumer's effects.
create table ledgerdb.checkpoints (
    consumer text        primary key,
    tx       bigint      not null,
    pos      bigint      not null,
    moved_at timestamptz not null default clock_timestamp()
);
