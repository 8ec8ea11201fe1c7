-- What people proposed and decided, and what one person refunded alone, may be deleted when nothing asks for it any more, and not before.
create or replace function staff.refuse_change_of_proposal() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'proposals' and tg_op = 'UPDATE' and pg_trigger_depth() > 1
        and to_jsonb(new) - 'status' = to_jsonb(old) - 'status' then
        return new;
    end if;
    if tg_op = 'DELETE' then
        if tg_table_name = 'counted_refunds' then
            if old.counted_at < clock_timestamp() - interval '30 days' then
                return old;
            end if;
        elsif tg_table_name = 'proposals' then
            if old.proposed_at < clock_timestamp() - interval '400 days' and old.status not in ('proposed', 'approved') then
                return old;
            end if;
        elsif tg_table_name = 'proposal_steps' then
            if old.taken_at < clock_timestamp() - interval '400 days' then
                return old;
            end if;
        end if;
    end if;
    raise exception 'what people proposed and decided is never rewritten: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'add a further proposal';
end
$$;
grant delete on staff.proposals, staff.proposal_steps, staff.counted_refunds to fincore_service;
create index proposals_that_ended on staff.proposals (proposed_at) where status not in ('proposed', 'approved');
create index counted_refunds_by_age on staff.counted_refunds (counted_at);
