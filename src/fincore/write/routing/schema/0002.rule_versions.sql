-- The routing rules, every version of them as it was written. The latest is live; a version is added and never changed.
create table routing.rule_versions (
    version bigint      primary key check (version > 0),
    text    text        not null check (length(text) <= 65536),
    set_at  timestamptz not null default now(),
    set_by  text        not null check (length(set_by) between 1 and 500),
    reason  text        not null check (length(reason) between 1 and 500)
);

create function routing.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rule versions explain plans of charges: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'set a further version';
end
$$;
create trigger rule_versions_are_never_changed
    before update or delete on routing.rule_versions
    for each row execute function routing.refuse_change();
create trigger rule_versions_are_never_truncated
    before truncate on routing.rule_versions
    for each statement execute function routing.refuse_change();

grant select, insert on routing.rule_versions to fincore_service;
