-- name: add_note
-- Add a note to a charge that has fewer than $6; none is added to one that is full.
insert into staff.charge_notes (note_id, charge_id, text, author_subject, author_username)
select $1, $2, $3, $4, $5
where (select count(*) from staff.charge_notes where charge_id = $2) < $6
returning noted_at;

-- name: notes_of
-- The notes of a charge, oldest first.
select note_id, charge_id, text, author_subject, author_username, noted_at
from staff.charge_notes
where charge_id = $1
order by note_no
limit $2;
