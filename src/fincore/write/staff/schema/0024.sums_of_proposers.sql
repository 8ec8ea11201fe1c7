-- What else a person proposed beside a proposal: limits of a day count what waits, and a second person sees the sums.
create index proposals_by_person on staff.proposals (proposer_counted_for, proposed_at) where currency is not null;

-- What the person proposed and that waits for a second person. Refunds and adjustments have limits of their own.
create function staff.waiting_of_person(person text, of_refunds boolean, in_currency text, in_livemode boolean) returns numeric
language sql stable as $$
    select coalesce(sum(amount_minor), 0)
    from staff.proposals
    where status = 'proposed' and proposer_counted_for = person and expires_at > clock_timestamp()
      and (kind = 'refund') = of_refunds and currency = in_currency and livemode = in_livemode
$$;

-- What other people agreed to on this day, by UTC, of what the person proposed. A proposal waits for seven days.
create function staff.agreed_with_person_today(person text, of_refunds boolean, in_currency text, in_livemode boolean) returns numeric
language sql stable as $$
    select coalesce(sum(p.amount_minor), 0)
    from staff.proposals p
    join staff.proposal_steps s on s.proposal_id = p.proposal_id and s.status_before = 'proposed' and s.step = 'approve'
    where p.currency = in_currency and p.status in ('approved', 'executed') and p.proposer_counted_for = person
      and p.proposed_at > clock_timestamp() - interval '8 days'
      and s.taken_at >= date_trunc('day', clock_timestamp(), 'UTC')
      and (p.kind = 'refund') = of_refunds and p.livemode = in_livemode
$$;
grant execute on function staff.waiting_of_person(text, boolean, text, boolean) to fincore_service;
grant execute on function staff.agreed_with_person_today(text, boolean, text, boolean) to fincore_service;
