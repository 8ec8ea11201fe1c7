-- Why a charge is disputed, in the same words for every PSP. Null for a dispute of before, whose event does not tell it.
alter table paymentdb.disputes add column category text;
