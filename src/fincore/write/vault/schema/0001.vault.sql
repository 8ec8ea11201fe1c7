-- Cards that merchants have FinCore keep. The number is encrypted under a data key of the card's own, and that key under a
-- key-encryption key that is not in this database. A deleted card keeps its row, without either and so unreadable for good.
create schema if not exists vault;

create table vault.cards (
    card_id         text        collate "C" primary key,
    merchant_id     text        collate "C" not null references merchants.merchants,
    livemode        boolean     not null,
    -- What may be shown.
    brand           text        check (length(brand) between 1 and 20),
    first6          text        check (first6 ~ '^[0-9]{6}$'),
    last4           text        not null check (last4 ~ '^[0-9]{4}$'),
    expiry_month    smallint    not null check (expiry_month between 1 and 12),
    expiry_year     smallint    not null check (expiry_year between 2000 and 2199),
    kept_at         timestamptz not null,
    kept_by         text        collate "C" not null check (length(kept_by) between 1 and 64),
    deleted_at      timestamptz,
    deleted_by      text        collate "C" check (length(deleted_by) between 1 and 64),
    -- Which key-encryption key wraps the data key: its id, and a check of the key itself.
    key_id          text        collate "C" check (key_id ~ '^[a-z0-9][a-z0-9._-]{0,31}$'),
    key_check       bytea       check (octet_length(key_check) = 8),
    wrapped_key     bytea       check (octet_length(wrapped_key) between 60 and 200),
    content         bytea       check (octet_length(content) between 60 and 2000),
    -- Equal for the same number of the same merchant and mode, while the key of fingerprints is the same.
    fingerprint     bytea       check (octet_length(fingerprint) = 32),
    fingerprint_key_check bytea check (octet_length(fingerprint_key_check) = 8),
    constraint cards_deleted_by_a_key check ((deleted_at is null) = (deleted_by is null)),
    constraint cards_deleted_hold_nothing check (
        case when deleted_at is null
            then num_nulls(key_id, key_check, wrapped_key, content, fingerprint, fingerprint_key_check) = 0
            else num_nonnulls(first6, key_id, key_check, wrapped_key, content, fingerprint, fingerprint_key_check) = 0
        end
    )
);

create index cards_of_merchants on vault.cards (merchant_id, livemode, card_id) where deleted_at is null;
create index cards_by_fingerprint on vault.cards (merchant_id, livemode, fingerprint) where deleted_at is null;

-- Each use of a card's data key: a row is committed before the key is unwrapped. Nothing of a card is in it.
create table vault.accesses (
    access_no   bigint      generated always as identity primary key,
    card_id     text        collate "C" not null references vault.cards,
    purpose     text        not null check (purpose in ('charge', 'rotation', 'verification')),
    accessed_at timestamptz not null,
    -- The process: its role or command, the user and machine that it runs as and on, its number.
    accessed_by text        not null check (length(accessed_by) between 1 and 200),
    charge_id   text        collate "C",
    attempt     smallint    check (attempt > 0),
    psp         text        check (length(psp) between 1 and 64),
    psp_account text        check (length(psp_account) between 1 and 64),
    constraint accesses_for_charges_name_the_attempt check (
        num_nulls(charge_id, attempt, psp, psp_account) = case when purpose = 'charge' then 0 else 4 end
    )
);

create index accesses_of_cards on vault.accesses (card_id, access_no);

create function vault.refuse_change_of_access() returns trigger language plpgsql as $$
begin
    raise exception 'the record of accesses and of lost keys is evidence: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'add a further row';
end
$$;
create trigger accesses_are_never_changed
    before update or delete on vault.accesses
    for each row execute function vault.refuse_change_of_access();
create trigger accesses_are_never_truncated
    before truncate on vault.accesses
    for each statement execute function vault.refuse_change_of_access();

-- Cards that an operator gave up because their key was lost, a row for each batch that was erased. Nothing of a card is in it.
create table vault.forgotten_keys (
    forgotten_no bigint     generated always as identity primary key,
    key_id      text        collate "C" not null check (key_id ~ '^[a-z0-9][a-z0-9._-]{0,31}$'),
    key_check   bytea       not null check (octet_length(key_check) = 8),
    cards       bigint      not null check (cards > 0),
    forgotten_at timestamptz not null,
    forgotten_by text       not null check (length(forgotten_by) between 1 and 1000),
    reason      text        not null check (length(reason) between 1 and 1000)
);
create trigger forgotten_keys_are_never_changed
    before update or delete on vault.forgotten_keys
    for each row execute function vault.refuse_change_of_access();
create trigger forgotten_keys_are_never_truncated
    before truncate on vault.forgotten_keys
    for each statement execute function vault.refuse_change_of_access();

-- A card's keys and fingerprint change together with rotations, and end with its deletion; nothing else of it ever changes.
create function vault.refuse_change_of_card() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' then
        raise exception 'cards of the vault stay as rows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
            using errcode = 'restrict_violation', hint = 'delete the card at the card edge, which erases its keys';
    end if;
    if old.deleted_at is not null then
        raise exception 'the card % is deleted for good', old.card_id using errcode = 'restrict_violation';
    end if;
    if (old.card_id, old.merchant_id, old.livemode, old.brand, old.last4, old.expiry_month, old.expiry_year, old.kept_at,
            old.kept_by)
        is distinct from
        (new.card_id, new.merchant_id, new.livemode, new.brand, new.last4, new.expiry_month, new.expiry_year, new.kept_at,
            new.kept_by)
        or (new.deleted_at is null and (old.content, old.first6) is distinct from (new.content, new.first6))
    then
        raise exception 'of the card % only its keys may change', old.card_id using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger cards_change_their_keys_only
    before update or delete on vault.cards
    for each row execute function vault.refuse_change_of_card();
create trigger cards_are_never_truncated
    before truncate on vault.cards
    for each statement execute function vault.refuse_change_of_card();

grant usage on schema vault to fincore_service;
grant select, insert on vault.cards, vault.accesses, vault.forgotten_keys to fincore_service;
grant update (
    first6, deleted_at, deleted_by, key_id, key_check, wrapped_key, content, fingerprint, fingerprint_key_check
) on vault.cards to fincore_service;
