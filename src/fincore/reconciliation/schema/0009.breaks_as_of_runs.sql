-- How breaks stood after a run, as its report tells it.

-- The status and the owner of a break by the actions that the report of a run shows, and the last reason among them: what a person noted
-- is none, and a claim tells its reference first. Without a search_path of its own PostgreSQL plans it as a part of the query.
create function reconciliation.break_as_of(of_break bigint, of_run bigint) returns table (status text, owner text, reason text)
    language sql stable
as $$
    select coalesce(last.status, 'open'), last.owner, why.reason
    from (select) one
    left join (
        select a.status, a.owner
        from reconciliation.break_actions a
        where a.break_id = of_break and a.shown_from <= of_run
        order by a.action_no desc
        limit 1
    ) last on true
    left join (
        select concat_ws(': ', a.reference, a.reason) as reason
        from reconciliation.break_actions a
        where a.break_id = of_break and a.shown_from <= of_run and a.action <> 'note' and num_nonnulls(a.reference, a.reason) > 0
        order by a.action_no desc
        limit 1
    ) why on true
$$;

-- What became part of a break, and from which one it has its owner.
create index break_actions_by_other_break on reconciliation.break_actions (other_break) where other_break is not null;
