-- What a person proposed ends when the person is disabled or gets other roles, and nothing of a disabled person is approved.
alter table staff.proposal_transitions disable trigger proposal_transitions_are_never_changed;
insert into staff.proposal_transitions (status_before, step, status) values ('proposed', 'refuse', 'refused');
alter table staff.proposal_transitions enable trigger proposal_transitions_are_never_changed;

-- An issuer of the installation's own has subjects that are not in staff.people: of those FinCore does not know.
create function staff.refuse_approval_for_disabled_person() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if exists (
        select from staff.proposals proposal
        join staff.people person on person.subject = proposal.proposer_subject
        where proposal.proposal_id = new.proposal_id and person.disabled_at is not null
    ) then
        raise exception 'the proposal % is of a person who is disabled', new.proposal_id
            using errcode = 'restrict_violation', hint = 'decline it';
    end if;
    return new;
end
$$;
create trigger proposal_approvals_are_for_people_let_in before insert on staff.proposal_steps
    for each row when (new.step = 'approve') execute function staff.refuse_approval_for_disabled_person();

-- Runs as the owner, because the service may not lock proposals: each one waits for a step that another transaction takes.
create function staff.refuse_open_proposals_of(person text, why text) returns void
language sql security definer set search_path = pg_catalog as $$
    with waiting as (
        select proposal_id from staff.proposals
        where proposer_subject = person and status = 'proposed'
        order by proposal_id
        for update
    )
    insert into staff.proposal_steps (proposal_id, status_before, step, result)
    select proposal_id, 'proposed', 'refuse', why from waiting;
$$;
revoke execute on function staff.refuse_open_proposals_of(text, text) from public;
grant execute on function staff.refuse_open_proposals_of(text, text) to fincore_service;
