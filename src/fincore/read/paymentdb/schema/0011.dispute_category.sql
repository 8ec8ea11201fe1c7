-- Why a charge is disputed, in the same words for every PSP. Null where the event of the dispute has no category: it was recorded before events had one.
alter table paymentdb.disputes add column category text;
