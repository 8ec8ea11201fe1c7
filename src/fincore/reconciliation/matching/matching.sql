-- name: take_turn
-- One run matches at a time, also where a runner lost the lock that it holds beside its transactions.
select pg_advisory_xact_lock(hashtext('fincore.reconciliation.matching'));

-- name: last_run
-- The run of which the log may lack events: its process died, or the log was set back. Those before it are in what it saw of the ledger.
select run_no, run_id, cut_off from reconciliation.runs order by run_no desc limit 1;

-- name: take_memory
-- Until the end of the transaction each sort and hash may take $1 of memory, unless the server gives more.
select set_config('work_mem', $1, true) where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes($1);

-- name: open_run
-- A run, up to now and up to the last entry of the ledger. Entries are numbered in the order of their transactions.
insert into reconciliation.runs (run_id, cut_off, last_entry_id, last_event_id)
select $1, clock_timestamp(), coalesce(l.entry_id, 0), l.event_id
from (select) one
left join (select entry_id, event_id from ledgerdb.entries order by entry_id desc limit 1) l on true
returning run_no, cut_off;

-- name: open_lost_run
-- The run $1 once more, up to the time $2 and the entry $3 of the ledger.
insert into reconciliation.runs (run_id, cut_off, last_entry_id, last_event_id)
values ($1, $2, $3, (select event_id from ledgerdb.entries where entry_id = $3))
returning run_no;

-- name: entries_of_run
-- The entries that are new to the run $1: after the last one that the run before it saw, and up to its own last one.
select r.last_entry_id,
    coalesce((select b.last_entry_id from reconciliation.runs b where b.run_no < $1 order by b.run_no desc limit 1), 0)
        as after_entry_id
from reconciliation.runs r
where r.run_no = $1;

-- name: stage_scopes
-- The accounts at PSPs that have files or a declared source, and up to which time of the PSP those that state their period have told of all
-- currencies. $1, $2: for each format how long after a payment its line may come. The files $3 have told of nothing yet. What moved before
-- the first file that was read is expected, too, from when a source was declared, and from the day before a file came that was not read.
create temporary table scopes on commit drop as
with delays as (
    select * from unnest($1::text[], $2::interval[]) as d (format, delay)
),
declared as (
    select livemode, psp, psp_account, min(declared_at) as declared_at, max(delay) as delay
    from reconciliation.sources
    left join delays using (format)
    where withdrawn_at is null
    group by livemode, psp, psp_account
),
fetched as (
    select f.livemode, f.psp, f.psp_account,
        least(
            min(f.period_start) filter (where f.is_told),
            min(date_trunc('day', f.fetched_at, 'UTC') - interval '1 day') filter (where f.period_start is null)
        ) as covered_from,
        max(f.period_end - d.delay) filter (where f.is_told and f.states_period) as covered_until,
        coalesce(max(d.delay) filter (where f.is_told), max(d.delay)) as delay
    from (select *, status = 'booked' and file_id <> all ($3::text[]) as is_told from reconciliation.files) f
    left join delays d using (format)
    group by f.livemode, f.psp, f.psp_account
)
select row_number() over (order by livemode, psp, psp_account)::int as scope_no, livemode, psp, psp_account,
    least(f.covered_from, s.declared_at) as covered_from, f.covered_until, coalesce(f.delay, s.delay) as delay
from fetched f
full join declared s using (livemode, psp, psp_account);

-- name: stage_covered
-- Up to which time files of which the period is that of their lines have told of a currency: of those that they have lines in, and of
-- those of which these lines settled payments before. $1 to $3 as before.
create temporary table covered_currencies on commit drop as
with told as (
    select s.scope_no, t.currency, max(f.period_end - d.delay) as covered_until
    from reconciliation.files f
    join unnest($1::text[], $2::interval[]) as d (format, delay) using (format)
    join scopes s using (livemode, psp, psp_account)
    cross join lateral jsonb_object_keys(f.computed_totals) as t (currency)
    where f.status = 'booked' and not f.states_period and f.file_id <> all ($3::text[])
    group by s.scope_no, t.currency
),
settled as (
    select distinct s.scope_no, c.currency, c.charge_currency
    from reconciliation.converted_totals c
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
)
select scope_no, currency, max(covered_until) as covered_until
from (
    select scope_no, currency, covered_until from told
    union all
    select t.scope_no, s.charge_currency, t.covered_until from told t join settled s using (scope_no, currency)
) c
group by scope_no, currency;

-- name: stage_accounts
-- The clearing accounts in the ledger of those accounts, one for each currency. Of a currency that no file has told of, the coverage is
-- empty: it ends where that of the account begins.
create temporary table clearing_accounts on commit drop as
select a.account_id, a.currency, s.scope_no, s.covered_from,
    coalesce(greatest(s.covered_until, c.covered_until), s.covered_from) as covered_until, s.delay
from ledgerdb.accounts a
join scopes s on a.livemode = s.livemode and a.name = concat_ws(':', 'psp', s.psp, s.psp_account, 'clearing', a.currency)
left join covered_currencies c on c.scope_no = s.scope_no and c.currency = a.currency;

-- name: stage_files
-- The files of which this run takes up the lines: those of no run before, but for the files $1.
create temporary table taken_files on commit drop as
select f.file_id, s.scope_no
from reconciliation.files f
join scopes s using (livemode, psp, psp_account)
where f.status = 'booked' and f.file_id <> all ($1::text[])
  and not exists (select from reconciliation.matched_files m where m.file_id = f.file_id);

-- name: stage_lines_before
-- The lines that the runs before left, and which parts of each are open.
create temporary table lines_before on commit drop as
select o.line_no, s.scope_no, bool_or(o.part = 'gross') as is_gross_open, bool_or(o.part = 'fee') as is_fee_open
from reconciliation.open_lines o
join reconciliation.lines l using (line_no)
join reconciliation.files f using (file_id)
join scopes s using (livemode, psp, psp_account)
group by o.line_no, s.scope_no;

-- name: stage_items_before
-- The same of items.
create temporary table items_before on commit drop as
select entry_id, account_id, bool_or(part = 'gross') as is_gross_open, bool_or(part = 'fee') as is_fee_open
from reconciliation.open_items
group by entry_id, account_id;

-- name: stage_files_of_lines
-- The files of all these lines, each with a number that stands for its id in a million rows.
create temporary table files_of_lines on commit drop as
select row_number() over (order by is_new, file_id)::int as file_no, file_id, scope_no, is_new
from (
    select file_id, scope_no, true as is_new from taken_files
    union all
    select distinct l.file_id, b.scope_no, false from lines_before b join reconciliation.lines l using (line_no)
) f;

-- name: stage_lines_to_match
-- The lines of files that no run has taken up, and those of before with a part that is open. What is not open counts as 0. $1, $2: the
-- families of kinds. `names` are what the PSP calls a line, where that is more than its own id. All of it at once, so that PostgreSQL knows
-- how much it is: of what was just read it has no statistics.
create temporary table lines_to_match on commit drop as
with line_families as (
    select kind, family from unnest($1::text[], $2::text[]) as k (kind, family) where family is not null
),
wanted as (
    select l.*, t.file_no, t.scope_no, true as is_gross_open, true as is_fee_open
    from files_of_lines t
    join reconciliation.lines l using (file_id)
    where t.is_new
    union all
    select l.*, t.file_no, t.scope_no, b.is_gross_open, b.is_fee_open
    from lines_before b
    join reconciliation.lines l using (line_no)
    join files_of_lines t using (file_id)
)
select w.line_no, w.scope_no, w.file_no, w.kind, f.family, w.currency, w.psp_reference,
    case
        when cardinality(w.about) = 1 and w.about[1] = w.psp_reference then null
        when w.psp_reference = any (w.about) then w.about
        else w.about || w.psp_reference
    end as names,
    case when w.is_gross_open then w.gross_minor else 0 end as gross_minor,
    case when w.is_fee_open then w.fee_minor else 0 end as fee_minor
from wanted w
join line_families f using (kind);

-- name: stage_item_families
-- The families of the kinds of items: $1, $2.
create temporary table item_families on commit drop as select kind, family from unnest($1::text[], $2::text[]) as k (kind, family);

-- name: analyze_before
-- Plans for a million lines are not those for ten.
analyze scopes, clearing_accounts, taken_files, lines_before, items_before, files_of_lines, item_families;

-- name: analyze_lines_to_match
-- The same of lines.
analyze lines_to_match;

-- name: stage_named
-- Each line beside each item, of any time, that the PSP calls by a name of the line. $1, $2: the entries that are new to this run,
-- after the first and up to the second. `is_equal`: both are open, in one currency and family, with equal amounts and equal fees. `is_own`:
-- that name is the line's own id. Names of lines are compared as the index of items has them.
create temporary table named on commit drop as
with pairs as (
    select w.line_no, w.file_no, w.kind, w.family, w.currency, w.gross_minor, w.fee_minor, true as is_own, a.currency as account_currency,
        i.entry_id, i.account_id, i.kind as item_kind, i.gross_minor as item_gross_minor, i.fee_minor as item_fee_minor
    from lines_to_match w
    join clearing_accounts a on a.scope_no = w.scope_no
    join ledgerdb.clearing_items i on i.account_id = a.account_id and i.psp_reference = w.psp_reference collate "default"
    where w.names is null and i.psp_reference <> ''
    union all
    select w.line_no, w.file_no, w.kind, w.family, w.currency, w.gross_minor, w.fee_minor, w.name = w.psp_reference, a.currency,
        i.entry_id, i.account_id, i.kind, i.gross_minor, i.fee_minor
    from (select *, unnest(names) as name from lines_to_match where names is not null) w
    join clearing_accounts a on a.scope_no = w.scope_no
    join ledgerdb.clearing_items i on i.account_id = a.account_id and i.psp_reference = w.name collate "default"
    where i.psp_reference <> ''
)
select p.line_no, p.file_no, p.kind, p.currency, p.gross_minor, p.fee_minor, p.entry_id, p.account_id, p.is_own,
    p.account_currency = p.currency
    and f.family = case when p.is_own and p.item_kind in ('refund', 'refund_failed', 'reversal') then 'refund' else p.family end
    and case
        when p.entry_id > $1::bigint and p.entry_id <= $2::bigint then p.item_gross_minor = p.gross_minor and p.item_fee_minor = p.fee_minor
        when b.entry_id is not null then case when b.is_gross_open then p.item_gross_minor else 0 end = p.gross_minor
            and case when b.is_fee_open then p.item_fee_minor else 0 end = p.fee_minor
        else false
    end as is_equal
from pairs p
join item_families f on f.kind = p.item_kind
left join items_before b on b.entry_id = p.entry_id and b.account_id = p.account_id;

-- name: analyze_named
-- The same of these.
analyze named;

-- name: stage_repeated_lines
-- Those of the lines with an equal item that repeat an earlier line of the same account, under the PSP's own id of the line. Two lines of
-- this run that go by this id name one item both, which is seen as such: only others are compared with the lines of this run.
create temporary table repeated_lines on commit drop as
select w.line_no
from reconciliation.files f
join scopes s using (livemode, psp, psp_account)
join reconciliation.lines o using (file_id)
join lines_to_match w on w.psp_reference = o.psp_reference and w.scope_no = s.scope_no
join reconciliation.lines l on l.line_no = w.line_no
where not exists (select from taken_files t where t.file_id = f.file_id)
  and o.line_no < w.line_no and (o.psp_type, o.currency, o.gross_minor, o.fee_minor) = (l.psp_type, l.currency, l.gross_minor, l.fee_minor)
union
select l.line_no
from named n
join reconciliation.lines l using (line_no)
join files_of_lines t using (file_no)
where n.is_equal and not n.is_own and exists (
    select
    from reconciliation.lines o
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
    where o.psp_reference = l.psp_reference and o.line_no < l.line_no and s.scope_no = t.scope_no
      and (o.psp_type, o.currency, o.gross_minor, o.fee_minor) = (l.psp_type, l.currency, l.gross_minor, l.fee_minor)
);

-- name: stage_lines_with_many
-- Lines that name more than one item.
create temporary table lines_with_many on commit drop as
select line_no from named group by line_no having count(*) > 1;

-- name: stage_items_with_many
-- Items that more than one line names.
create temporary table items_with_many on commit drop as
select entry_id, account_id from named group by entry_id, account_id having count(*) > 1;

-- name: stage_whole
-- What is settled at a glance, as nearly everything is: one line and one item that name each other and nothing else, and are equal. By
-- the rules for the rest they match, too.
create temporary table whole on commit drop as
select n.line_no, n.file_no, n.kind, n.currency, n.gross_minor, n.fee_minor, n.entry_id, n.account_id
from named n
where n.is_equal
  and not exists (select from repeated_lines d where d.line_no = n.line_no)
  and not exists (select from lines_with_many m where m.line_no = n.line_no)
  and not exists (select from items_with_many m where m.entry_id = n.entry_id and m.account_id = n.account_id);

-- name: analyze_many
-- The same of these.
analyze repeated_lines, lines_with_many, items_with_many;

-- name: analyze_whole
-- The same of what is settled.
analyze whole;

-- name: match_whole
-- They match. $1 is the run. In the order of lines: the indexes of matches grow at their ends then.
insert into reconciliation.matches (match_no, part, run_no, rule, line_no, entry_id, account_id)
select w.line_no, p.part, $1, 'reference', w.line_no, w.entry_id, w.account_id
from (select line_no, entry_id, account_id, gross_minor, fee_minor from whole order by line_no) w
cross join lateral (values ('gross', w.gross_minor), ('fee', w.fee_minor)) as p (part, amount_minor)
where p.amount_minor <> 0;

-- name: stage_lines
-- The other lines, with all that the rules for them go by.
create temporary table staged_lines on commit drop as
select w.line_no, w.scope_no, t.file_id, w.kind, w.family, l.psp_type, l.psp_reference, coalesce(w.names, array[w.psp_reference]) as about,
    l.parent_reference, l.our_reference, l.currency, l.gross_minor as line_gross_minor, l.fee_minor as line_fee_minor, w.gross_minor,
    w.fee_minor, t.is_new, l.presentment_currency as charge_currency, l.presentment_minor as charge_minor
from lines_to_match w
join files_of_lines t using (file_no)
join reconciliation.lines l using (line_no)
where not exists (select from whole m where m.line_no = w.line_no);

-- name: analyze_lines
-- The same of those.
analyze staged_lines;

-- name: stage_duplicates
-- Those that repeat an earlier line of the same account, under the PSP's own id of the line.
create temporary table duplicates on commit drop as
select w.line_no
from staged_lines w
where exists (
    select
    from reconciliation.lines o
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
    where o.psp_reference = w.psp_reference and o.line_no < w.line_no and s.scope_no = w.scope_no
      and (o.psp_type, o.currency, o.gross_minor, o.fee_minor) = (w.psp_type, w.currency, w.line_gross_minor, w.line_fee_minor)
);

-- name: analyze_duplicates
-- The same of them.
analyze duplicates;

-- name: stage_links
-- The charge of each line, as far as it is found: filled by the statements that follow, each for what those before left.
-- `family` is set where the PSP's name of the line is that of a refund of ours, and the line counts as one under any code.
create temporary table links (line_no bigint primary key, stream_id uuid not null, reference text collate "C", family text)
on commit drop;

-- name: link_by_references
-- By what the PSP calls the thing.
insert into links (line_no, stream_id, reference, family)
select distinct on (w.line_no) w.line_no, i.stream_id, i.psp_reference,
    case when i.psp_reference = w.psp_reference and i.kind in ('refund', 'refund_failed', 'reversal') then 'refund' end
from staged_lines w
cross join lateral unnest(w.about) with ordinality as r (reference, place)
join clearing_accounts a on a.scope_no = w.scope_no
join ledgerdb.clearing_items i on i.account_id = a.account_id and i.psp_reference = r.reference collate "default"
where i.psp_reference <> ''
order by w.line_no, r.place, i.entry_id;

-- name: link_by_refunds
-- By our id of a refund.
insert into links (line_no, stream_id, reference)
select distinct on (w.line_no) w.line_no, i.stream_id, i.psp_reference
from staged_lines w
join clearing_accounts a on a.scope_no = w.scope_no
join ledgerdb.clearing_items i on i.account_id = a.account_id and i.refund_id = w.our_reference collate "default"
where w.our_reference like 're\_%' and not exists (select from links k where k.line_no = w.line_no)
order by w.line_no, i.entry_id;

-- name: unlinked_charges
-- Lines with our id of a charge, which is spelled in a way that PostgreSQL does not read.
select w.line_no, w.our_reference
from staged_lines w
where w.our_reference like 'ch\_%' and not exists (select from links k where k.line_no = w.line_no);

-- name: link_by_charges
-- By our id of a charge, read: only where the ledger has something of it at that account.
insert into links (line_no, stream_id)
select w.line_no, c.stream_id
from unnest($1::bigint[], $2::uuid[]) as c (line_no, stream_id)
join staged_lines w using (line_no)
where exists (
    select
    from ledgerdb.clearing_items i
    join clearing_accounts a on a.account_id = i.account_id and a.scope_no = w.scope_no
    where i.stream_id = c.stream_id
);

-- name: link_by_parents
-- By the payment that a refund, dispute or fee is about, named by itself or by a line that is itself about it: the fee of a
-- chargeback names the chargeback, and that names the payment. At most four steps.
insert into links (line_no, stream_id)
with recursive named (line_no, scope_no, reference, step) as (
    select w.line_no, w.scope_no, w.parent_reference, 1
    from staged_lines w
    where w.parent_reference is not null and not exists (select from links k where k.line_no = w.line_no)
    union
    select n.line_no, n.scope_no, r.reference, n.step + 1
    from named n
    join reconciliation.lines p on p.psp_reference = n.reference
    join reconciliation.files f using (file_id)
    join scopes s using (livemode, psp, psp_account)
    cross join lateral unnest(p.about || p.parent_reference) as r (reference)
    where s.scope_no = n.scope_no and n.step < 4 and r.reference is not null and r.reference <> n.reference
)
select distinct on (n.line_no) n.line_no, i.stream_id
from named n
join clearing_accounts a on a.scope_no = n.scope_no
join ledgerdb.clearing_items i on i.account_id = a.account_id and i.psp_reference = n.reference collate "default"
where i.psp_reference <> ''
order by n.line_no, n.step, i.entry_id;

-- name: stage_items
-- The other clearing items without a match: those that the runs before left, and those of entries since the last one, after $1 and up to
-- $2. What of them is matched counts as 0.
create temporary table staged_items on commit drop as
with wanted as (
    select i.*, true as is_gross_open, true as is_fee_open
    from ledgerdb.clearing_items i
    where i.entry_id > $1::bigint and i.entry_id <= $2::bigint
    union all
    select i.*, b.is_gross_open, b.is_fee_open
    from items_before b
    join ledgerdb.clearing_items i using (entry_id, account_id)
)
select w.entry_id, w.account_id, a.scope_no, a.currency, coalesce(f.family, 'movement') as family, w.stream_id,
    nullif(w.psp_reference, '') as reference, (
        select reconciliation.item_counts_from(w.effective_at, e.booked_at, e.livemode) from ledgerdb.entries e where e.entry_id = w.entry_id
    ) as counts_from,
    a.covered_from, a.covered_until, a.delay,
    case when w.is_gross_open then w.gross_minor else 0 end as gross_minor,
    case when w.is_fee_open then w.fee_minor else 0 end as fee_minor
from wanted w
left join clearing_accounts a using (account_id)
left join item_families f on f.kind = w.kind
where not exists (select from whole m where m.entry_id = w.entry_id and m.account_id = w.account_id);

-- name: analyze_items
-- The same of items.
analyze staged_items, links;

-- name: stage_line_parts
-- Gross and fee of these lines, each for itself. $1: the families that are compared over a whole payment, too.
create temporary table line_parts on commit drop as
select w.line_no, w.scope_no, w.currency, n.family, case when n.family = any ($1::text[]) then 'disputes' else n.family end as wide,
    p.part, p.amount_minor, k.stream_id, k.reference, d.line_no is not null as is_duplicate, null::text as grouped,
    case when p.part = 'gross' then w.charge_currency end as charge_currency,
    case when p.part = 'gross' then w.charge_minor end as charge_minor
from staged_lines w
left join links k using (line_no)
left join duplicates d using (line_no)
cross join lateral (values (coalesce(k.family, w.family))) as n (family)
cross join lateral (values ('gross', w.gross_minor), ('fee', w.fee_minor)) as p (part, amount_minor)
where p.amount_minor <> 0;

-- name: stage_item_parts
-- The same of items.
create temporary table item_parts on commit drop as
select w.entry_id, w.account_id, w.scope_no, w.currency, w.family,
    case when w.family = any ($1::text[]) then 'disputes' else w.family end as wide, p.part, p.amount_minor, w.stream_id,
    w.reference, w.counts_from, w.covered_from, w.covered_until, w.delay, null::text as grouped
from staged_items w
cross join lateral (values ('gross', w.gross_minor), ('fee', w.fee_minor)) as p (part, amount_minor)
where p.amount_minor <> 0;

-- name: analyze_parts
-- The same of parts, before the rules and once more when they are grouped.
analyze line_parts, item_parts;

-- name: index_parts
-- What is grouped is looked up part by part.
create index on line_parts (stream_id, family, reference);
create index on item_parts (stream_id, family, reference);

-- name: match_equal
-- Match what has one name and equal sums, in one currency, gross and fee apart; it is no longer open then. $2 is the rule: `reference` goes by the PSP's name of
-- a thing and the family, `payment` by the charge and the family, `disputes` by the charge, over the families of disputes as one, and
-- `group` by what is grouped at the end. $3: instead of sums, lines and items of the same amount, one by one. $4: by what lines say
-- that customers paid or got back, in the currency of the charge; such a match is of the rule with `converted_` before it. Sums that are
-- compared have one key: joined by its parts, two sides of one currency would be compared each with each.
with line_sums as (
    select array[scope_no::text, m.currency, part, n.name, n.kind, case when $3::boolean then m.amount_minor::text end] collate "C" as key,
        min(part) as part, sum(m.amount_minor) as sum_minor, array_agg(line_no order by line_no) as line_nos
    from line_parts
    cross join lateral (values (
        case $2::text when 'reference' then reference when 'group' then grouped else stream_id::text end,
        case when $2 in ('reference', 'payment') then family when $2 = 'disputes' then wide end
    )) as n (name, kind)
    cross join lateral (values (
        case when $4::boolean then charge_currency else currency end, case when $4 then charge_minor else amount_minor end
    )) as m (currency, amount_minor)
    where not is_duplicate and n.name is not null and m.amount_minor is not null
    group by 1
),
item_sums as (
    select array[scope_no::text, currency, part, n.name, n.kind, case when $3::boolean then amount_minor::text end] collate "C" as key,
        sum(amount_minor) as sum_minor, array_agg(entry_id order by entry_id) as entry_ids, min(account_id) as account_id
    from item_parts
    cross join lateral (values (
        case $2::text when 'reference' then reference when 'group' then grouped else stream_id::text end,
        case when $2 in ('reference', 'payment') then family when $2 = 'disputes' then wide end
    )) as n (name, kind)
    where scope_no is not null and n.name is not null
    group by 1
),
equal as (
    select l.part, i.account_id, l.line_nos, i.entry_ids
    from line_sums l
    join item_sums i using (key)
    where $3 or l.sum_minor = i.sum_minor
),
written as (
    insert into reconciliation.matches (match_no, part, run_no, rule, line_no, entry_id, account_id)
    select case when $3 then p.line_no else e.line_nos[1] end, e.part, $1, case when $4 then 'converted_' else '' end || $2, p.line_no, p.entry_id,
        case when p.entry_id is not null then e.account_id end
    from equal e
    cross join lateral unnest(e.line_nos, e.entry_ids) as p (line_no, entry_id)
    where not $3 or (p.line_no is not null and p.entry_id is not null)
    returning line_no, entry_id, account_id, part
),
told as (
    delete from line_parts p using written w where w.line_no = p.line_no and w.part = p.part
)
delete from item_parts p
using written w
where w.entry_id = p.entry_id and w.account_id = p.account_id and w.part = p.part;

-- name: has_converted
-- Whether a line that is left says what the customer paid or got back in another currency.
select exists (select from line_parts where charge_minor is not null);

-- name: match_returned
-- Match lines that took an amount and gave it back, with nothing in the ledger: of one thing, or of what a payment's disputes put
-- aside. $1 is the run.
with line_sums as (
    select part, array_agg(line_no order by line_no) as line_nos
    from line_parts
    where not is_duplicate and (reference is not null or family in ('hold', 'release')) and stream_id is not null
    group by scope_no, currency, part, stream_id,
        case when family in ('hold', 'release') then 'hold' else family || ':' || reference end
    having count(*) > 1 and sum(amount_minor) = 0
),
written as (
    insert into reconciliation.matches (match_no, part, run_no, rule, line_no)
    select s.line_nos[1], s.part, $1, 'returned', l.line_no
    from line_sums s
    cross join lateral unnest(s.line_nos) as l (line_no)
    returning line_no, part
)
delete from line_parts p using written w where w.line_no = p.line_no and w.part = p.part;

-- name: group_lines
-- What is left is grouped: by the thing that both sides name, else by charge and family; a line of no known charge, and one that
-- repeats another, stands alone. A fee that comes back belongs to what should have come back with it.
update line_parts p
set grouped = case
    when p.is_duplicate or p.stream_id is null then 'line:' || p.line_no
    when p.family = 'fee_reversal' then concat_ws(':', p.stream_id, coalesce((
        select i.family
        from item_parts i
        where i.scope_no = p.scope_no and i.stream_id = p.stream_id and i.part = p.part and i.amount_minor > 0
        order by i.entry_id
        limit 1
    ), p.family))
    else concat_ws(':', p.stream_id, p.family, (
        select p.reference
        from item_parts i
        where i.scope_no = p.scope_no and i.stream_id = p.stream_id and i.family = p.family and i.reference = p.reference
        limit 1
    ))
end;

-- name: group_items
-- The same of items.
update item_parts p
set grouped = concat_ws(':', p.stream_id, p.family, (
    select p.reference
    from line_parts l
    where l.scope_no = p.scope_no and l.stream_id = p.stream_id and l.family = p.family and l.reference = p.reference
      and not l.is_duplicate
    limit 1
))
where p.scope_no is not null;

-- name: state_in_currency_of_charge
-- A line of another currency than what it is beside in its group is stated as what the customer paid or got back: the amounts of one
-- currency have a difference.
update line_parts p
set currency = p.charge_currency, amount_minor = p.charge_minor
where p.charge_minor is not null and not p.is_duplicate and exists (
    select
    from item_parts i
    where i.scope_no = p.scope_no and i.grouped = p.grouped and i.part = p.part and i.currency = p.charge_currency
);

-- name: keep_totals
-- What this run matched of each file in one currency, by kind and currency. A part of a line is matched once; a line counts in the first
-- run that matches a part of it.
insert into reconciliation.matched_totals (run_no, file_id, kind, currency, lines, gross_minor, fee_minor)
with matched as (
    select w.line_no, t.file_id, w.kind, w.currency, t.is_new, w.gross_minor, w.fee_minor from whole w join files_of_lines t using (file_no)
    union all
    select w.line_no, w.file_id, w.kind, w.currency, w.is_new, coalesce(sum(w.gross_minor) filter (where m.part = 'gross'), 0),
        coalesce(sum(w.fee_minor) filter (where m.part = 'fee'), 0)
    from staged_lines w
    join reconciliation.matches m on m.line_no = w.line_no and m.line_no is not null and m.run_no = $1 and m.rule not like 'converted\_%'
    group by w.line_no, w.file_id, w.kind, w.currency, w.is_new
)
select $1, t.file_id, t.kind, t.currency,
    count(*) filter (where t.is_new or not exists (
        select from reconciliation.matches o where o.line_no = t.line_no and o.line_no is not null and o.run_no < $1
    )),
    sum(t.gross_minor), sum(t.fee_minor)
from matched t
group by t.file_id, t.kind, t.currency;

-- name: read_converted
-- What this run matched of each file across currencies, by kind and pair of them, in the order in which it moves positions: file after file,
-- what came in before what went back. A line counts here unless a part of it is matched in one currency, in this run or before.
select w.scope_no, w.file_id, w.kind, w.currency, w.charge_currency,
    count(*) filter (where not exists (
        select
        from reconciliation.matches o
        where o.line_no = w.line_no and o.line_no is not null and o.rule not like 'converted\_%' and o.run_no <= $1
    )) as lines,
    sum(w.line_gross_minor)::bigint as gross_minor, sum(w.charge_minor)::bigint as charge_gross_minor
from staged_lines w
join reconciliation.matches m on m.line_no = w.line_no and m.line_no is not null and m.run_no = $1 and m.rule like 'converted\_%'
join reconciliation.files f on f.file_id = w.file_id
group by w.scope_no, f.period_start, w.file_id, w.kind, w.currency, w.charge_currency
order by f.period_start, w.file_id, w.kind <> 'payment', w.kind, w.currency, w.charge_currency;

-- name: read_conversions
-- What pairs of lines converted of which this run takes up the later one, by file and both currencies, in the order of the files.
select s.scope_no, p.file_id, p.out_currency, p.in_currency, p.named_currency, sum(p.out_minor)::bigint as out_minor,
    sum(p.in_minor)::bigint as in_minor
from taken_files t
join reconciliation.conversion_pairs p using (file_id)
join reconciliation.files f using (file_id)
join scopes s on (s.livemode, s.psp, s.psp_account) = (p.livemode, p.psp, p.psp_account)
group by s.scope_no, f.period_start, p.file_id, p.out_currency, p.in_currency, p.named_currency
order by f.period_start, p.file_id, p.out_currency, p.in_currency, p.named_currency;

-- name: read_positions
-- The positions that the runs before left, by account and pair of currencies.
select s.scope_no, c.currency, c.charge_currency, sum(c.charge_gross_minor) as charge_minor,
    sum(c.gross_minor) - sum(c.realised_minor) as settled_minor
from reconciliation.converted_totals c
join reconciliation.files f using (file_id)
join scopes s using (livemode, psp, psp_account)
where c.run_no < $1
group by s.scope_no, c.currency, c.charge_currency;

-- name: keep_converted_totals
-- What this run matched across currencies.
insert into reconciliation.converted_totals
    (run_no, file_id, kind, currency, charge_currency, lines, gross_minor, charge_gross_minor, realised_minor)
select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[]);

-- name: keep_files
-- The lines of these files are taken up.
insert into reconciliation.matched_files (file_id, run_no) select file_id, $1 from taken_files;

-- name: drop_open_lines
-- The next run begins with what this one left.
delete from reconciliation.open_lines;

-- name: keep_open_lines
-- The lines among it.
insert into reconciliation.open_lines (line_no, part) select line_no, part from line_parts;

-- name: drop_open_items
-- The same of items.
delete from reconciliation.open_items;

-- name: keep_open_items
-- The items among it.
insert into reconciliation.open_items (entry_id, account_id, part) select entry_id, account_id, part from item_parts;

-- name: totals_of_run
-- What a run matched, as the files' events tell it.
select t.file_id, t.kind, t.currency, t.lines, t.gross_minor, t.fee_minor
from reconciliation.matched_totals t
where t.run_no = $1
order by t.file_id, t.kind, t.currency;

-- name: converted_totals_of_run
-- The same of what it matched across currencies.
select t.file_id, t.kind, t.currency, t.charge_currency, t.lines, t.gross_minor, t.charge_gross_minor, t.realised_minor
from reconciliation.converted_totals t
where t.run_no = $1
order by t.file_id, t.kind, t.currency, t.charge_currency;

-- name: finish_run
-- All events of a run are in the log.
update reconciliation.runs set finished_at = coalesce(finished_at, clock_timestamp()) where run_no = $1;

-- name: count_matched
-- How many lines of a run matched, wholly or in part, and how many are open.
select (select coalesce(sum(lines), 0) from reconciliation.matched_totals where run_no = $1)
    + (select coalesce(sum(lines), 0) from reconciliation.converted_totals where run_no = $1) as matched,
    (select count(distinct line_no) from reconciliation.open_lines) as open;
