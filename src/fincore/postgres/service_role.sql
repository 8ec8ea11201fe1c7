-- name: make_service_role
-- The services run as this role: it owns nothing, so what is not granted to it is refused. Roles belong to the whole
-- cluster, are in no dump of a database, and several databases of one cluster may be migrated at once.
do $$
begin
    -- A login without createrole may use a role that an administrator has made.
    if not exists (select from pg_roles where rolname = 'fincore_service') then
        create role fincore_service nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;

-- name: grant_service_role
-- The login that migrates may also run the services, as this role. Before version 16 of PostgreSQL, membership is all
-- there is; from then on a member may be without the right to take the role on.
do $$
declare
    needed constant text := case
        when current_setting('server_version_num')::int < 160000 then 'member' else 'set'
    end;
begin
    if not pg_has_role(current_user, 'fincore_service', needed) then
        execute format('grant fincore_service to %I', current_user);
    end if;
end
$$;
