-- name: add_person
-- Add a person with a one-time password; nothing where the username is taken.
insert into staff.people
    (subject, username, username_key, name, groups, password_hash, password_salt, password_n, password_r, password_p, one_time_until)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11::interval)
on conflict (username_key) do nothing
returning subject, username, name, groups, added_at, disabled_at, password_set_at, one_time_until;

-- name: set_groups
-- Give a person other roles, who has those of $3 still, where they are named.
update staff.people set groups = $2 where subject = $1 and ($3::text[] is null or groups = $3)
returning subject, username, name, groups, added_at, disabled_at, password_set_at, one_time_until;

-- name: disable_person
-- Disable a person who is not disabled.
update staff.people set disabled_at = clock_timestamp() where subject = $1 and disabled_at is null
returning subject, username, name, groups, added_at, disabled_at, password_set_at, one_time_until;

-- name: reset_person
-- Give a person a new one-time password, and enable the person.
update staff.people
set password_hash = $2, password_salt = $3, password_n = $4, password_r = $5, password_p = $6, password_number = password_number + 1,
    password_set_at = clock_timestamp(), one_time_until = clock_timestamp() + $7::interval, disabled_at = null
where subject = $1
returning subject, username, name, groups, added_at, disabled_at, password_set_at, one_time_until;

-- name: end_sessions_of_person
-- End every session of a person, and forget tickets for a new password.
with forgotten as (
    delete from staff.password_tickets where subject = $1
)
update staff.sessions set ended_at = clock_timestamp() where subject = $1 and ended_at is null;

-- name: list_people
-- All people, by username.
select subject, username, name, groups, added_at, disabled_at, password_set_at, one_time_until
from staff.people
order by username_key
limit 10000;

-- name: find_person
-- The person with a username.
select subject, username, name, groups, added_at, disabled_at, password_set_at, one_time_until
from staff.people
where username_key = $1;

-- name: people_by_subject
-- The people with some ids.
select subject, username, name, groups, added_at, disabled_at, password_set_at, one_time_until
from staff.people
where subject = any($1);

-- name: find_password
-- What a login needs of the person with a username.
select subject, username, password_hash, password_salt, password_n, password_r, password_p, password_number,
    one_time_until is not null as is_one_time,
    disabled_at is null and coalesce(one_time_until > clock_timestamp(), true) as may_log_in
from staff.people
where username_key = $1;

-- name: find_live
-- People who are not disabled, by subject and by a family of tokens of theirs that has not ended.
select people.subject, families.family_id::text, people.username, people.name, people.groups
from unnest($1::text[], $2::text[]) as asked (subject, family_id)
join staff.token_families as families on families.family_id = asked.family_id::uuid
join staff.sessions as sessions on sessions.session_hash = families.session_hash
join staff.people as people on people.subject = sessions.subject
where people.subject = asked.subject and people.disabled_at is null and families.ended_at is null and sessions.ended_at is null
    and sessions.password_number = people.password_number;
