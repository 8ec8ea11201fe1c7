-- Lines that settle payments of another currency: they match by what they say that customers paid or got back, in the currency of the
-- charge. The rules of such matches begin with `converted_`.

-- What runs matched of a file across currencies, by kind and pair of them: each row becomes one event of the file.
create table reconciliation.converted_totals (
    run_no             bigint  not null references reconciliation.runs,
    file_id            text    collate "C" not null references reconciliation.files,
    kind               text    collate "C" not null,
    currency           text    collate "C" not null,
    charge_currency    text    collate "C" not null check (charge_currency <> currency),
    -- Those of which no part is matched in one currency.
    lines              integer not null check (lines >= 0),
    gross_minor        bigint  not null,
    charge_gross_minor bigint  not null,
    primary key (run_no, file_id, kind, currency, charge_currency)
);

-- What runs matched, in one currency and across two: as lines state it, and as it left clearing.
create view reconciliation.matched_of_lines as
select run_no, file_id, kind, currency, lines, gross_minor, fee_minor from reconciliation.matched_totals
union all
select run_no, file_id, kind, currency, lines, gross_minor, 0 from reconciliation.converted_totals;

create view reconciliation.matched_of_clearing as
select run_no, file_id, kind, currency, gross_minor + fee_minor as amount_minor from reconciliation.matched_totals
union all
select run_no, file_id, kind, charge_currency, charge_gross_minor from reconciliation.converted_totals;

grant select, insert on reconciliation.converted_totals to fincore_service;
grant select on reconciliation.matched_of_lines, reconciliation.matched_of_clearing to fincore_service;
