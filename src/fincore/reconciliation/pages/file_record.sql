-- name: file
-- A settlement file with what was read of it, the run that took up its lines, and its break that was found last.
select f.file_id, f.psp, f.psp_account, f.livemode, f.source, f.name, f.sha256, f.size_bytes, f.fetched_at, f.remote_mtime, f.format,
    f.parser_version, f.status, f.refusal_line, f.refusal, f.account_id, f.expected_account_id, f.period_start, f.period_end, f.states_period,
    f.sequence, f.continued, f.payout_reference, coalesce(f.stated_totals, '{}')::text as stated,
    coalesce(f.computed_totals, '{}')::text as computed, reconciliation.replaced_file(f.file_id) as replaces, r.run_id,
    (select count(*) from reconciliation.lines l where l.file_id = f.file_id) as lines,
    (
        select count(distinct o.line_no)
        from reconciliation.open_lines o
        join reconciliation.lines l using (line_no)
        where l.file_id = f.file_id
    ) as open_lines,
    (select b.break_id from reconciliation.breaks b where b.subject = 'file:' || f.file_id order by b.break_id desc limit 1) as break_id
from reconciliation.files f
left join reconciliation.matched_files m using (file_id)
left join reconciliation.runs r on r.run_no = m.run_no
where f.file_id = $1;

-- name: arrivals
-- When the content of a file came, and under which name; $2 at most, the last ones.
select name, size_bytes, remote_mtime, arrived_at, finding
from reconciliation.arrivals
where file_id = $1
order by arrival_no desc
limit $2;

-- name: decisions
-- What people decided about a file, the last first; $2 at most.
select action, status, actor, coalesce(username, regexp_replace(actor, '^operator:', '')) as by, reason, format, account_id, acted_at
from reconciliation.file_actions
where file_id = $1
order by decision_no desc
limit $2;
