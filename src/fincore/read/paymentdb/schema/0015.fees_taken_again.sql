-- What a PSP took again of its fee when a refund failed.
alter table paymentdb.refunds
    add column fee_taken_again_minor bigint,
    add column fee_taken_again_currency text,
    add constraint fee_taken_again_has_a_currency check ((fee_taken_again_minor is null) = (fee_taken_again_currency is null));
