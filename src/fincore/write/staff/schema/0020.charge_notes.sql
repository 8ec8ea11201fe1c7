-- What people of staff noted about charges. A note is never changed or deleted: a further one corrects it.
create table staff.charge_notes (
    note_no         bigint      generated always as identity primary key,
    note_id         uuid        not null unique,
    charge_id       text        collate "C" not null check (length(charge_id) between 1 and 64),
    text            text        not null check (length(text) between 1 and 2000),
    author_subject  text        collate "C" not null check (length(author_subject) between 1 and 255),
    author_username text        not null check (length(author_username) between 1 and 255),
    noted_at        timestamptz not null default clock_timestamp()
);

create index charge_notes_of_charges on staff.charge_notes (charge_id, note_no);

create function staff.refuse_change_of_note() returns trigger language plpgsql as $$
begin
    raise exception 'notes are never rewritten: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation', hint = 'add a further note';
end
$$;
create trigger charge_notes_are_never_changed
    before update or delete on staff.charge_notes
    for each row execute function staff.refuse_change_of_note();
create trigger charge_notes_are_never_truncated
    before truncate on staff.charge_notes
    for each statement execute function staff.refuse_change_of_note();

grant select, insert on staff.charge_notes to fincore_service;
