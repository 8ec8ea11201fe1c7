-- From when on the time counts within which a statement must tell of a clearing item: as `counts_from`, and from when it was booked, too,
-- where the PSP names a time long before that. It would lie before all that statements are compared with, and what is missing would never
-- be a break. In test mode clocks are set.
create function reconciliation.item_counts_from(effective_at timestamptz, booked_at timestamptz, livemode boolean)
returns timestamptz language sql stable parallel safe as $$
    select case
        when effective_at < booked_at - case when livemode then interval '31 days' else interval '3660 days' end then booked_at
        else reconciliation.counts_from(effective_at, booked_at, livemode)
    end
$$;
