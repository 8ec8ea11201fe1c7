-- A fee that a PSP gives back by itself is an item of its own.
alter table ledgerdb.clearing_items
    drop constraint clearing_items_kind_check,
    add constraint clearing_items_kind_check check (kind in (
        'payment', 'refund', 'refund_failed', 'dispute', 'dispute_reinstated', 'hold', 'release', 'reversal', 'fee', 'fee_returned',
        'correction', 'adjustment'
    ));
