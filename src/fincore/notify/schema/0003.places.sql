-- How many attempts may be under way at an endpoint: more for one that answers quickly while more waits for it.
alter table notify.endpoints add column places integer not null default 8 check (places > 0);
