-- Which charge everything at a PSP belongs to: payments, refunds, disputes. A charge has many references; a reference has
-- one charge, for ever. A row is written in the commit whose events name the reference first.
create table eventstore.psp_references (
    psp           text not null,
    psp_account   text not null,
    psp_reference text not null,
    stream_id     uuid not null,
    constraint psp_references_belong_to_one_stream primary key (psp, psp_account, psp_reference)
);

create index psp_references_by_stream on eventstore.psp_references (stream_id);

grant select, insert on eventstore.psp_references to fincore_service;

-- What the log knew before this table was there. Where two charges name one reference the earlier keeps it, and the
-- invariant `one_reference_one_charge` names both.
insert into eventstore.psp_references (psp, psp_account, psp_reference, stream_id)
select created.data ->> 'psp', created.data ->> 'psp_account', named.data ->> 'psp_reference', named.stream_id
from eventstore.events named
join eventstore.events created on created.stream_id = named.stream_id and created.version = 1
where named.data ->> 'psp_reference' is not null
order by named.tx, named.pos
on conflict do nothing;

-- The reports that wait, or waited, for a person: few at any time.
create index events_of_held_reports on eventstore.events ((data ->> 'psp_event_id'))
    where type in ('charge.report_held', 'charge.report_released');
