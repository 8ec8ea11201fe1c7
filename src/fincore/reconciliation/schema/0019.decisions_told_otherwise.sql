-- A decision that the log has with another content, which counts, becomes that once, when the log is told. What lines and items it is about
-- stays: the parts of an adjustment are never changed.
create or replace function reconciliation.refuse_change_of_adjustment() returns trigger language plpgsql as $$
declare
    may_change text[] := array[
        'told_at', 'kind', 'adjusts', 'livemode', 'psp', 'psp_account', 'currency', 'gross_minor', 'fee_minor', 'decided_by'
    ];
    was constant jsonb := to_jsonb(old);
    becomes constant jsonb := to_jsonb(new);
    about text;
begin
    if new.told_at is not null then
        may_change := may_change || array['booked', 'reversed', 'decided_at', 'counted_for'];
    end if;
    if (was - may_change) is distinct from (becomes - may_change) or old.told_at is not null then
        raise exception 'the adjustment % is decided: reverse it', old.adjustment_id using errcode = 'restrict_violation';
    end if;
    foreach about in array array['lines', 'items'] loop
        if not coalesce(was -> 'booked' -> about, '[]') @> coalesce(becomes -> 'booked' -> about, '[]')
            or not coalesce(becomes -> 'booked' -> about, '[]') @> coalesce(was -> 'booked' -> about, '[]')
        then
            raise exception 'the adjustment % is about other %', old.adjustment_id, about using errcode = 'restrict_violation';
        end if;
    end loop;
    return new;
end
$$;

-- Limits count a person in the same way under every collation: what writes a decision says by which name.
alter table reconciliation.adjustments alter column counted_for drop expression if exists;
alter table reconciliation.adjustment_reversals alter column counted_for drop expression if exists;

grant update (booked, decided_at, counted_for) on reconciliation.adjustments to fincore_service;
grant update (reversed, decided_at, counted_for) on reconciliation.adjustment_reversals to fincore_service;
