-- From when on the time counts within which a statement or a bank must tell of what moved at `effective_at`, by the PSP's clock, and was
-- booked at `booked_at`. A PSP that names a time which has not come yet, by more than clocks differ, would put off for ever what is missing:
-- it counts from when it was booked. In test mode clocks are set ahead.
create function reconciliation.counts_from(effective_at timestamptz, booked_at timestamptz, livemode boolean)
returns timestamptz language sql stable parallel safe as $$
    select case
        when effective_at > booked_at + case when livemode then interval '1 day' else interval '366 days' end then booked_at
        else effective_at
    end
$$;
