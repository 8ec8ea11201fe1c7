-- What the platform charges a merchant for a capture, per currency, in both modes alike. Plans are added and never changed:
-- the latest counts for charges created from then on, and the earlier ones say what was agreed before.
create table merchants.fee_plans (
    merchant_id  text        collate "C" not null references merchants.merchants,
    currency     text        not null check (currency ~ '^[a-z]{3}$'),
    plan_no      integer     not null check (plan_no > 0),
    -- Hundredths of a percent of what is captured, and an amount on top.
    basis_points integer     not null check (basis_points between 0 and 10000),
    fixed_minor  bigint      not null check (fixed_minor between 0 and 99999999),
    set_at       timestamptz not null,
    set_by       text        not null check (length(set_by) between 1 and 200),
    primary key (merchant_id, currency, plan_no)
);

create function merchants.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'fee plans are agreements: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'set a further plan';
end
$$;
create trigger fee_plans_are_never_changed
    before update or delete on merchants.fee_plans
    for each row execute function merchants.refuse_change();
create trigger fee_plans_are_never_truncated
    before truncate on merchants.fee_plans
    for each statement execute function merchants.refuse_change();

grant select, insert on merchants.fee_plans to fincore_service;
