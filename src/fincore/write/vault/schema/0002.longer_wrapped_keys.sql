-- What a key service wraps is longer than what we wrap, and services add to it.
alter table vault.cards
    drop constraint cards_wrapped_key_check,
    add constraint cards_wrapped_key_check check (octet_length(wrapped_key) between 60 and 1000);
