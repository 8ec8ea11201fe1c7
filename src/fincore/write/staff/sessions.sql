-- name: begin_session
-- Begin a session of a person who showed a password.
insert into staff.sessions (session_hash, subject, password_number) values ($1, $2, $3);

-- name: use_session
-- The session with a hash and its person, while it counts; it is used now.
update staff.sessions as sessions set seen_at = clock_timestamp()
from staff.people as people
where sessions.session_hash = $1 and sessions.ended_at is null
    and sessions.seen_at > clock_timestamp() - make_interval(secs => $2)
    and sessions.begun_at > clock_timestamp() - make_interval(secs => $3)
    and people.subject = sessions.subject and people.disabled_at is null and people.password_number = sessions.password_number
returning sessions.session_hash, sessions.subject, people.username, people.name, people.groups,
    extract(epoch from sessions.begun_at)::bigint as begun_at_seconds;

-- name: end_session
-- End the session with a hash.
update staff.sessions set ended_at = clock_timestamp() where session_hash = $1 and ended_at is null;

-- name: add_code
-- Add a code of a session.
insert into staff.authorization_codes (code_hash, session_hash, redirect_uri, code_challenge, nonce) values ($1, $2, $3, $4, $5);

-- name: use_code
-- Use a code that counts and was not used.
update staff.authorization_codes set used_at = clock_timestamp()
where code_hash = $1 and used_at is null and issued_at > clock_timestamp() - make_interval(secs => $2)
returning session_hash, redirect_uri, code_challenge, nonce;

-- name: begin_family
-- Begin the family of tokens that follows from a code.
with family as (
    insert into staff.token_families (family_id, session_hash) values ($1, $2) returning family_id
)
update staff.authorization_codes set family_id = (select family_id from family) where code_hash = $3;

-- name: end_family_of_code
-- End the family that a used code began: the code came a second time.
update staff.token_families as families set ended_at = clock_timestamp(), ended_by = 'code_reused'
from staff.authorization_codes as codes
where codes.code_hash = $1 and codes.used_at is not null and families.family_id = codes.family_id and families.ended_at is null;

-- name: add_token
-- Add a refresh token to a family.
insert into staff.refresh_tokens (token_hash, family_id) values ($1, $2);

-- name: use_token
-- Use a refresh token that counts and was not used.
update staff.refresh_tokens as tokens set used_at = clock_timestamp()
from staff.token_families as families
where tokens.token_hash = $1 and tokens.used_at is null and tokens.issued_at > clock_timestamp() - make_interval(secs => $2)
    and families.family_id = tokens.family_id and families.ended_at is null
returning tokens.family_id, families.session_hash;

-- name: end_family_of_token
-- End the family of a used refresh token: the token came a second time, so that one of two holders stole it.
update staff.token_families as families set ended_at = clock_timestamp(), ended_by = 'token_reused'
from staff.refresh_tokens as tokens
where tokens.token_hash = $1 and tokens.used_at is not null and families.family_id = tokens.family_id and families.ended_at is null;

-- name: add_ticket
-- Add a ticket for a new password.
insert into staff.password_tickets (ticket_hash, subject, password_number) values ($1, $2, $3);

-- name: find_ticket
-- The username of the person of a ticket that counts.
select people.username
from staff.password_tickets as tickets
join staff.people as people using (subject)
where tickets.ticket_hash = $1 and tickets.used_at is null and tickets.issued_at > clock_timestamp() - make_interval(secs => $2)
    and people.disabled_at is null and people.one_time_until > clock_timestamp() and people.password_number = tickets.password_number;

-- name: use_ticket
-- Use a ticket that counts.
update staff.password_tickets as tickets set used_at = clock_timestamp()
from staff.people as people
where tickets.ticket_hash = $1 and tickets.used_at is null and tickets.issued_at > clock_timestamp() - make_interval(secs => $2)
    and people.subject = tickets.subject and people.disabled_at is null and people.one_time_until > clock_timestamp()
    and people.password_number = tickets.password_number
returning tickets.subject, tickets.password_number;

-- name: set_password
-- Keep the password that a person chose, end every session and every other ticket of that person.
with ended as (
    update staff.sessions set ended_at = clock_timestamp() where subject = $1 and ended_at is null
), forgotten as (
    delete from staff.password_tickets where subject = $1 and used_at is null
)
update staff.people
set password_hash = $2, password_salt = $3, password_n = $4, password_r = $5, password_p = $6, password_number = password_number + 1,
    password_set_at = clock_timestamp(), one_time_until = null
where subject = $1 and password_number = $7
returning password_number;

-- name: purge_sessions
-- Delete sessions that can count no more, with the codes and tokens that followed from them.
delete from staff.sessions where begun_at < clock_timestamp() - make_interval(secs => $1);

-- name: purge_tickets
-- Delete tickets that can count no more.
delete from staff.password_tickets where issued_at < clock_timestamp() - make_interval(secs => $1);
