-- A break that a person closed by an adjustment is closed by a write-off where the log has the decision so, and the other way round.
insert into reconciliation.break_transitions (status_before, action, status) values
    ('adjusted', 'correct', 'written_off'),
    ('written_off', 'correct', 'adjusted');
