-- name: table_exists
-- Whether a table is there, found by the search path.
select to_regclass($1) is not null
