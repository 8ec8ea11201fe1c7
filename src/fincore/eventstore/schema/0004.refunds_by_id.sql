-- Which charge a refund belongs to, for whoever asks before the query view knows: one small entry per refund.
create index events_by_refund on eventstore.events ((data ->> 'refund_id')) where type = 'refund.requested';
