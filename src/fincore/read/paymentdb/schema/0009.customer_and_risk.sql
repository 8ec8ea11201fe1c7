-- Who pays, as the merchant told it, and what the rules of risk decided; null for charges of before, which have neither.
alter table paymentdb.charges
    add column customer jsonb,
    add column risk jsonb;
