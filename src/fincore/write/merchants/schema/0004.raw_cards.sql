-- Which merchants may send card numbers, for each mode. Decisions are added and never changed: the latest counts, and the
-- earlier ones say who allowed it, and why, before.
create table merchants.raw_card_decisions (
    merchant_id text        collate "C" not null references merchants.merchants,
    livemode    boolean     not null,
    decision_no integer     not null check (decision_no > 0),
    is_enabled  boolean     not null,
    decided_at  timestamptz not null,
    decided_by  text        not null check (length(decided_by) between 1 and 500),
    reason      text        not null check (length(reason) between 1 and 500),
    primary key (merchant_id, livemode, decision_no)
);

-- Each request with a card number: a row when it comes, and one when it is answered. Nothing of a card is in it.
create table merchants.raw_card_requests (
    request_id  text        collate "C" not null,
    stage       text        not null check (stage in ('received', 'answered')),
    merchant_id text        collate "C" not null references merchants.merchants,
    livemode    boolean     not null,
    key_id      text        collate "C" not null,
    at          timestamptz not null,
    -- How it was answered: `accepted`, or the code of the problem; and what screened it, where it came that far.
    outcome     text        check (length(outcome) between 1 and 64),
    screened_by text        check (length(screened_by) between 1 and 64),
    primary key (request_id, stage),
    constraint raw_card_requests_end_with_an_outcome check ((stage = 'answered') = (outcome is not null))
);

create index raw_card_requests_of_merchants on merchants.raw_card_requests (merchant_id, livemode, at);

create function merchants.refuse_change_of_raw_cards() returns trigger language plpgsql as $$
begin
    raise exception 'the record of raw cards is evidence: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'add a further row';
end
$$;
create trigger raw_card_decisions_are_never_changed
    before update or delete on merchants.raw_card_decisions
    for each row execute function merchants.refuse_change_of_raw_cards();
create trigger raw_card_decisions_are_never_truncated
    before truncate on merchants.raw_card_decisions
    for each statement execute function merchants.refuse_change_of_raw_cards();
create trigger raw_card_requests_are_never_changed
    before update or delete on merchants.raw_card_requests
    for each row execute function merchants.refuse_change_of_raw_cards();
create trigger raw_card_requests_are_never_truncated
    before truncate on merchants.raw_card_requests
    for each statement execute function merchants.refuse_change_of_raw_cards();

grant select, insert on merchants.raw_card_decisions, merchants.raw_card_requests to fincore_service;
