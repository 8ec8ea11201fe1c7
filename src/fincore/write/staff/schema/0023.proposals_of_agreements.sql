-- What is agreed with merchants, and entries of lists by which live rules let more through, are for two people to decide, too.
alter table staff.proposals
    drop constraint proposals_kind_check,
    add constraint proposals_kind_check check (
        kind in (
            'refund', 'adjustment', 'write_off', 'adjustment_reversal', 'opening', 'live_key', 'risk_rules', 'routing_rules', 'fee_plan',
            'raw_cards', 'risk_list_entries', 'staff_member', 'staff_roles'
        )
    );
