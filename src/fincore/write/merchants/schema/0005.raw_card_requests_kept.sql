-- The record of requests with a card number ends: a row may be deleted once three months have passed, the least that has to be
-- at hand. A younger one stays evidence, and none is ever changed.
create index raw_card_requests_by_age on merchants.raw_card_requests (at);

create function merchants.refuse_deletion_of_young_raw_card_requests() returns trigger language plpgsql as $$
begin
    if old.at >= now() - interval '92 days' then
        raise exception 'the record of raw cards is evidence: delete on %.% is refused for 92 days', tg_table_schema, tg_table_name
            using errcode = 'restrict_violation', hint = 'purge rows that are older';
    end if;
    return old;
end
$$;
drop trigger raw_card_requests_are_never_changed on merchants.raw_card_requests;
create trigger raw_card_requests_are_never_changed
    before update on merchants.raw_card_requests
    for each row execute function merchants.refuse_change_of_raw_cards();
create trigger raw_card_requests_are_kept_for_three_months
    before delete on merchants.raw_card_requests
    for each row execute function merchants.refuse_deletion_of_young_raw_card_requests();

grant delete on merchants.raw_card_requests to fincore_service;
