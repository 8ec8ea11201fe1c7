-- Lines that say something of a payout itself, with what the PSP calls the payout.
create view reconciliation.lines_of_payouts as
select line_no, file_id, kind, currency, gross_minor, occurred_at,
    case kind when 'payout' then coalesce(about[1], psp_reference) else coalesce(parent_reference, about[1], psp_reference) end as payout
from reconciliation.lines
where kind in ('payout', 'payout_returned');

create index lines_about_payouts on reconciliation.lines (
    (case kind when 'payout' then coalesce(about[1], psp_reference) else coalesce(parent_reference, about[1], psp_reference) end)
) where kind in ('payout', 'payout_returned');

grant select on reconciliation.lines_of_payouts to fincore_service;
