-- Settings that two people decide: live keys, and rules that are live.
alter table staff.proposals
    drop constraint proposals_kind_check,
    add constraint proposals_kind_check check (
        kind in (
            'refund', 'adjustment', 'write_off', 'adjustment_reversal', 'opening', 'live_key', 'risk_rules', 'routing_rules'
        )
    );
