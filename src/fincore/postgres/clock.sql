-- name: server_time
-- What time it is by the server's clock, now and not at the beginning of the transaction.
select clock_timestamp();
