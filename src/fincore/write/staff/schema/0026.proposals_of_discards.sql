-- A webhook of a PSP that FinCore could not read may tell of money: two people discard it.
alter table staff.proposals
    drop constraint proposals_kind_check,
    add constraint proposals_kind_check check (
        kind in (
            'refund', 'adjustment', 'write_off', 'adjustment_reversal', 'opening', 'webhook_discard', 'live_key', 'risk_rules',
            'routing_rules', 'fee_plan', 'raw_cards', 'risk_list_entries', 'staff_member', 'staff_roles'
        )
    );
