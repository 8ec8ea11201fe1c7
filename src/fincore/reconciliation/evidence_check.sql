-- name: kept_files
-- At most $2 settlement files after the file $1, as they were kept.
select file_id, location, sha256, size_bytes from reconciliation.files where file_id > $1 order by file_id limit $2;

-- name: kept_statements
-- The same of statements of banks, by their numbers.
select statement_no, bank, location, sha256, size_bytes
from reconciliation.bank_statements
where statement_no > $1
order by statement_no
limit $2;
