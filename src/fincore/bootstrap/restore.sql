-- name: schemas_there
-- The names of FinCore's schemas that a database holds, as one text; null where it holds none.
select string_agg(nspname, ', ' order by nspname)
from pg_namespace
where nspname in ('eventstore', 'merchants', 'notify', 'pages', 'queue', 'risk', 'routing', 'vault', 'paymentdb', 'ledgerdb', 'reconciliation');
