-- What banks call payouts: lines of their statements are brought to the payouts by it.
create index events_of_bank_references on eventstore.events ((data ->> 'bank_reference')) where type = 'payout.bank_reference_told';
