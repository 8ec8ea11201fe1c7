-- Staff who see some merchants find charges by the terms of these alone: no look passes over what other merchants have.
create index search_terms_of_merchants on paymentdb.search_terms (livemode, kind, merchant_id, term, created_at, charge_id);
