-- name: payouts_by_bank_reference
-- The payouts that their PSPs say banks call by some references.
select data ->> 'bank_reference' as bank_reference, (data ->> 'livemode')::boolean as livemode, data ->> 'psp' as psp,
    data ->> 'psp_account' as psp_account, data ->> 'psp_reference' as psp_reference
from eventstore.events
where type = 'payout.bank_reference_told' and data ->> 'bank_reference' = any ($1::text[]);
