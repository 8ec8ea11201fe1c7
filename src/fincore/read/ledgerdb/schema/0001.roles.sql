-- The services run as this role: it owns nothing, so what is not granted below is refused.
-- Roles belong to the whole cluster, and several databases of one cluster may be migrated at once.
do $$
begin
    create role fincore_service nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;
