-- A person gives up what two people agreed on and that cannot be carried out, and no setting is made of what was agreed on long ago.
alter table staff.proposal_transitions disable trigger proposal_transitions_are_never_changed;
insert into staff.proposal_transitions (status_before, step, status) values ('approved', 'give_up', 'refused');
alter table staff.proposal_transitions enable trigger proposal_transitions_are_never_changed;

alter table staff.proposal_steps
    drop constraint steps_of_people_name_the_person,
    add constraint steps_of_people_name_the_person check (
        (step in ('approve', 'decline', 'withdraw', 'give_up')) = (num_nonnulls(subject, username, counted_for, reason) = 4)
        and num_nonnulls(subject, username, counted_for) in (0, 3)
    );

-- Refunds and adjustments are events of other streams: they may have been made in time, though the proposal was not told.
create function staff.refuse_late_execution() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if exists (
        select from staff.proposals proposal
        join staff.proposal_steps agreed on agreed.proposal_id = proposal.proposal_id and agreed.step = 'approve'
        where proposal.proposal_id = new.proposal_id
          and proposal.kind not in ('refund', 'adjustment', 'write_off', 'adjustment_reversal', 'opening')
          and clock_timestamp() >= agreed.taken_at + interval '7 days 1 minute'
    ) then
        raise exception 'the proposal % was agreed on more than 7 days ago', new.proposal_id
            using errcode = 'restrict_violation', hint = 'propose it again';
    end if;
    return new;
end
$$;
create trigger proposals_are_not_executed_late before insert on staff.proposal_steps
    for each row when (new.step = 'execute') execute function staff.refuse_late_execution();
