-- Who is of staff, and in which roles, is for two people to decide, too.
alter table staff.proposals
    drop constraint proposals_kind_check,
    add constraint proposals_kind_check check (
        kind in (
            'refund', 'adjustment', 'write_off', 'adjustment_reversal', 'opening', 'live_key', 'risk_rules', 'routing_rules', 'staff_member',
            'staff_roles'
        )
    );
