-- A finding in words, as it was told when it began, so that its end is told in the same. Null: it began before ends were told, and its end is not.
alter table reconciliation.findings add column sentence text check (length(sentence) between 1 and 300);
