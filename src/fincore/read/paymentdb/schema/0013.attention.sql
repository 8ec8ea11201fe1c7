-- What needs a person, for the home page of staff: few rows each, found by how urgent they are.
create index disputes_to_answer on paymentdb.disputes ((livemode::int), evidence_due_by, dispute_id) where status = 'needs_response';
create index charges_with_held_reports on paymentdb.charges ((livemode::int), created_at, charge_id) where held_reports is not null;
