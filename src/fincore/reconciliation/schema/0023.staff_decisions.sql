-- What members of staff decided: a proposal that two people agreed on is booked once, and its two people are not one.
create unique index adjustments_of_proposals
    on reconciliation.adjustments ((booked #>> '{staff,agreement,proposal_id}'))
    where booked #>> '{staff,agreement,proposal_id}' is not null;
create unique index adjustment_reversals_of_proposals
    on reconciliation.adjustment_reversals ((reversed #>> '{staff,agreement,proposal_id}'))
    where reversed #>> '{staff,agreement,proposal_id}' is not null;

alter table reconciliation.adjustments add constraint adjustments_have_two_people check (
    booked #> '{staff,agreement}' is null
    or coalesce(booked #>> '{staff,agreement,approver,subject}' <> booked #>> '{staff,subject}', false)
);
alter table reconciliation.adjustment_reversals add constraint reversals_have_two_people check (
    reversed #> '{staff,agreement}' is null
    or coalesce(reversed #>> '{staff,agreement,approver,subject}' <> reversed #>> '{staff,subject}', false)
);

-- By which the day of a person is counted.
create index adjustments_by_subject on reconciliation.adjustments ((booked #>> '{staff,subject}'), decided_at)
    where booked #>> '{staff,subject}' is not null;
