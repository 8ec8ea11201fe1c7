-- An endpoint that its merchant deleted stays as the name of what was sent to it, without its secret.
alter table notify.endpoints add column deleted_at timestamptz;
alter table notify.endpoints alter column secret drop not null;
alter table notify.endpoints
    add constraint endpoints_have_a_secret check ((secret is null) = (deleted_at is not null)) not valid,
    add constraint endpoints_deleted_are_disabled
        check (deleted_at is null or (status = 'disabled' and previous_secret is null)) not valid;

create index endpoints_deleted on notify.endpoints (deleted_at) where deleted_at is not null;

alter table notify.deliveries drop constraint deliveries_failure_check;
alter table notify.deliveries
    add constraint deliveries_failure_check
        check (failure in ('exhausted', 'gone', 'endpoint_disabled', 'endpoint_deleted')) not valid;

grant delete on notify.endpoints to fincore_service;
