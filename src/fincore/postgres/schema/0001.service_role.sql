-- The services run as this role: it owns nothing, so what is not granted below is refused.
-- Roles belong to the whole cluster, and several databases of one cluster may be migrated at once.
do $$
begin
    create role fincore_service nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;

-- Whoever migrates may also run the services, as this role. An owner without the right to give it away was given the
-- role by somebody else.
do $$
begin
    if not pg_has_role(current_user, 'fincore_service', 'set') then
        execute format('grant fincore_service to %I', current_user);
    end if;
end
$$;
