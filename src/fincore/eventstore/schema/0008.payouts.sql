-- The payouts in the order in which they became known: few among the events of charges.
create index events_of_new_payouts on eventstore.events (tx, pos) where type = 'payout.created';
