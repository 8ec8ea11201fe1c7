-- Evidence of tampering, and what is known of accounts by day. Both follow the entries a moment later, off the path on which
-- they are booked, in order and in one transaction: whatever has a seal is in the daily balances, and nothing else is.

-- A chain over all entries. content_hash is the SHA-256 of an entry with its postings, chain_hash that of the chain_hash
-- before it and the content_hash: to alter one entry unseen, every later seal and every manifest must be replaced, too.
create table ledgerdb.seals (
    entry_id     bigint   primary key,
    postings     smallint not null check (postings > 0),
    content_hash bytea    not null check (octet_length(content_hash) = 32),
    chain_hash   bytea    not null check (octet_length(chain_hash) = 32)
);

-- A day of bookings (by UTC) that is over, as one line to keep elsewhere: whoever holds a manifest_hash can tell whether
-- any entry up to that day was altered since.
create table ledgerdb.sealed_days (
    day            date        primary key,
    first_entry_id bigint      not null,
    last_entry_id  bigint      not null,
    entries        bigint      not null check (entries = last_entry_id - first_entry_id + 1),
    postings       bigint      not null check (postings > 0),
    -- What was debited, and so credited, per mode and currency, as JSON: [["live","usd",12300], ...].
    sums           text        not null,
    root_hash      bytea       not null check (octet_length(root_hash) = 32),
    previous_hash  bytea       not null check (octet_length(previous_hash) = 32),
    manifest_hash  bytea       not null check (octet_length(manifest_hash) = 32),
    sealed_at      timestamptz not null default clock_timestamp()
);

create trigger seals_are_never_changed
    before update or delete on ledgerdb.seals
    for each row execute function ledgerdb.refuse_change();
create trigger seals_are_never_truncated
    before truncate on ledgerdb.seals
    for each statement execute function ledgerdb.refuse_change();
create trigger sealed_days_are_never_changed
    before update or delete on ledgerdb.sealed_days
    for each row execute function ledgerdb.refuse_change();
create trigger sealed_days_are_never_truncated
    before truncate on ledgerdb.sealed_days
    for each statement execute function ledgerdb.refuse_change();

-- A sealed day takes no further entry.
create function ledgerdb.refuse_sealed_day() returns trigger language plpgsql as $$
declare
    open_since timestamptz;
    booked_from timestamptz;
begin
    select (max(day) + 1)::timestamp at time zone 'UTC' into open_since from ledgerdb.sealed_days;
    execute 'select min(booked_at) from booked' into booked_from;
    if booked_from < open_since then
        raise exception 'an entry is booked on a sealed day, %', (booked_from at time zone 'UTC')::date
            using errcode = 'restrict_violation', hint = 'book it on a day that is not sealed';
    end if;
    return null;
end
$$;
create trigger entries_come_after_sealed_days
    after insert on ledgerdb.entries
    referencing new table as booked
    for each statement execute function ledgerdb.refuse_sealed_day();

-- What each account moved on a day of effective time (by UTC), and its balance, on its normal side, after all that happened
-- up to the end of that day, whenever it was booked. Of the sealed entries; a late one moves every later day along.
create table ledgerdb.account_days (
    account_id     bigint not null,
    day            date   not null,
    debit_minor    bigint not null,
    credit_minor   bigint not null,
    closing_minor  bigint not null,
    -- Between which entries the day's postings are.
    first_entry_id bigint not null,
    last_entry_id  bigint not null,
    primary key (account_id, day)
);

grant select, insert on ledgerdb.seals to fincore_service;
grant select, insert on ledgerdb.sealed_days to fincore_service;
grant select, insert, update on ledgerdb.account_days to fincore_service;
