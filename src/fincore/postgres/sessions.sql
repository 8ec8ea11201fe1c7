-- name: sessions_of_processes
-- How many sessions the processes of this installation have at this server, by the name that each gives itself.
select application_name as name, count(*)::int as sessions
from pg_stat_activity
where datname = current_database() and application_name like 'fincore-%'
group by application_name
order by application_name;
