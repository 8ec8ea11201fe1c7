-- The operator of an installation may disable an endpoint, too; its merchant sees that it was not the merchant itself.
alter table notify.endpoints drop constraint endpoints_disabled_reason_check;
alter table notify.endpoints
    add constraint endpoints_disabled_reason_check
        check (disabled_reason in ('by_merchant', 'by_staff', 'gone', 'failing')) not valid;
