-- Adjustments: what a person books to end a difference with a PSP is an item of clearing, which no statement will ever show; and what a
-- PSP held before its first statement, once explained, is equity.
alter table ledgerdb.clearing_items
    drop constraint clearing_items_kind_check,
    add constraint clearing_items_kind_check check (kind in (
        'payment', 'refund', 'refund_failed', 'dispute', 'dispute_reinstated', 'hold', 'release', 'reversal', 'fee', 'correction',
        'adjustment'
    ));
alter table ledgerdb.accounts
    drop constraint accounts_have_a_type,
    add constraint accounts_have_a_type check (type in ('asset', 'liability', 'equity', 'revenue', 'expense'));
