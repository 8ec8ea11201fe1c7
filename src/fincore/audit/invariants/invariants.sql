-- name: count_events
-- How much there is to check.
select count(*) from eventstore.events;

-- name: holes_in_streams
-- Events with a version that does not follow the one before it in their stream.
select
    'stream ' || stream_id as place,
    'version ' || version || ' follows version ' || previous as finding
from (
    select stream_id, version, lag(version, 1, 0) over (partition by stream_id order by version) as previous
    from eventstore.events
) e
where version <> previous + 1;

-- name: view_checkpoint
-- How far the view has followed the log.
select tx, pos from paymentdb.checkpoints where consumer = 'projectionist';

-- name: ledger_checkpoint
-- How far the ledger has followed the log.
select tx, pos from ledgerdb.checkpoints where consumer = 'ledger';

-- name: parked_for_view
-- The charges that the view's consumer leaves alone.
select consumer, stream_id, since_version, reason from paymentdb.parked_streams order by parked_at, stream_id;

-- name: parked_for_ledger
-- The charges that the ledger's consumer leaves alone.
select consumer, stream_id, since_version, reason from ledgerdb.parked_streams order by parked_at, stream_id;

-- name: parked_for_notify
-- The charges that the consumer of merchants' webhooks leaves alone.
select consumer, stream_id, since_version, reason from notify.parked_streams order by parked_at, stream_id;

-- name: parked_for_risk
-- The charges that the consumer of risk's outcomes leaves alone.
select consumer, stream_id, since_version, reason from risk.parked_streams order by parked_at, stream_id;

-- name: kinds_of_streams
-- What some streams are of: `charge`, `checkout_session`, `payout`, `settlement_file` or `adjustment`.
select stream_id, split_part(type, '.', 1) as kind
from eventstore.events
where stream_id = any ($1::uuid[]) and version = 1;

-- name: streams_until
-- How many events each stream of a charge or a checkout session had at a place of the log. No view shows other streams.
select stream_id, max(version) as version, bool_or(type like 'checkout\_session.%') as is_session
from eventstore.events
where (tx, pos) <= ($1::bigint::text::xid8, $2::bigint)
group by stream_id
having not bool_or(split_part(type, '.', 1) in ('payout', 'settlement_file', 'adjustment'))
order by stream_id;

-- name: view_versions
-- How many events the view holds of some charges and checkout sessions.
select charge_id as id, version from paymentdb.charges where charge_id = any ($1::text[])
union all
select session_id, version from paymentdb.checkout_sessions where session_id = any ($1::text[]);

-- name: money_events_until
-- The events that moved money, up to a place of the log, of all streams or of one ($3): all that each moved per currency (`320 eur, 10150 usd`), and what it
-- added to what the PSP owes us on our account there (`stripe test: 9680 usd`). What has no currency that could be one counts as
-- xxx.
select e.event_id, e.stream_id, e.type, (e.data ->> 'livemode')::boolean as livemode, m.moved, m.cleared
from eventstore.events e
cross join lateral (
    select
        string_agg(moved_minor || ' ' || currency, ', ' order by currency) as moved,
        (e.data ->> 'psp') || ' '
            || coalesce(e.data ->> 'psp_account', case when (e.data ->> 'livemode')::boolean then 'live' else 'test' end) || ': '
            || string_agg(cleared_minor || ' ' || currency, ', ' order by currency) filter (where cleared_minor <> 0)
            as cleared
    from (
        select currency, sum(abs(minor)) as moved_minor, sum(minor * direction) as cleared_minor
        from (
            select minor, direction, case when said ~ '^[a-z]{3}$' then said else 'xxx' end as currency
            from (
                values
                    -- The amount itself.
                    (
                        (e.data ->> 'amount_minor')::numeric, e.data ->> 'currency',
                        case
                            when e.type in ('charge.captured', 'charge.attempt_captured', 'dispute.funds_reinstated',
                                            'dispute.funds_released')
                                then 1
                            when e.type = 'refund.failed' and (e.data ->> 'was_succeeded')::boolean then 1
                            when e.type in ('charge.attempt_reversed', 'refund.succeeded', 'refund.corrected',
                                            'dispute.funds_withdrawn', 'dispute.funds_held')
                                then -1
                            -- What is on its way to the bank, and back, is no longer or not yet in clearing.
                            when e.type like 'payout.%' then 0
                        end
                    ),
                    -- What a PSP's statement says, which takes out of clearing only what was matched, and what a person adjusted there.
                    (
                        (e.data ->> 'gross_minor')::numeric, e.data ->> 'currency',
                        case
                            when e.type = 'settlement_file.matched' then -1
                            when e.type like 'adjustment.%' then (e.data ->> 'adjusts' = 'clearing')::int
                            when e.type = 'settlement_file.converted' and e.data ->> 'kind' <> 'conversion' then 0
                            when e.type = 'settlement_file.totalled' and e.data ->> 'kind' not in ('payout', 'payout_returned') then 0
                        end
                    ),
                    (
                        (e.data ->> 'charge_gross_minor')::numeric, e.data ->> 'charge_currency',
                        case when e.type = 'settlement_file.converted' and e.data ->> 'kind' <> 'conversion' then -1 end
                    ),
                    (
                        (e.data ->> 'realised_minor')::numeric, e.data ->> 'currency',
                        case when e.type = 'settlement_file.converted' then 0 end
                    ),
                    (
                        case when e.type like 'settlement\_file.%' or e.type like 'adjustment.%' then (e.data ->> 'fee_minor')::numeric end,
                        e.data ->> 'currency',
                        case
                            when e.type = 'settlement_file.matched' then -1
                            when e.type like 'adjustment.%' then (e.data ->> 'adjusts' = 'clearing')::int
                            when e.type = 'settlement_file.totalled' and e.data ->> 'kind' not in ('payout', 'payout_returned') then 0
                        end
                    ),
                    -- The PSP's fee, which it takes in the currency in which it pays out, and gives back with what goes back.
                    (
                        (e.data ->> 'fee_minor')::numeric,
                        case when e.type in ('charge.fee_assessed', 'charge.fee_returned', 'charge.fee_taken_again',
                                             'charge.attempt_fee_assessed', 'charge.attempt_fee_returned',
                                             'dispute.funds_withdrawn', 'dispute.funds_reinstated')
                            then e.data ->> 'currency' else e.data ->> 'fee_currency' end,
                        case
                            when e.type in ('charge.captured', 'charge.fee_assessed', 'charge.fee_taken_again', 'charge.attempt_captured',
                                            'charge.attempt_fee_assessed', 'dispute.funds_withdrawn')
                                then -1
                            when e.type = 'refund.failed' and (e.data ->> 'was_succeeded')::boolean then -1
                            when e.type in ('charge.attempt_reversed', 'charge.attempt_fee_returned', 'charge.fee_returned', 'refund.succeeded',
                                            'refund.corrected', 'dispute.funds_reinstated')
                                then 1
                        end
                    ),
                    -- What a correction changed.
                    (
                        (e.data ->> 'captured_after_minor')::numeric - (e.data ->> 'captured_before_minor')::numeric,
                        e.data ->> 'currency', case when e.type = 'charge.corrected' then 1 end
                    ),
                    -- The platform's fee, which is between the merchant and us.
                    (
                        (e.data ->> 'platform_fee_minor')::numeric, e.data ->> 'currency',
                        case when e.type = 'charge.captured' then 0 end
                    ),
                    (
                        (e.data ->> 'platform_fee_after_minor')::numeric - (e.data ->> 'platform_fee_before_minor')::numeric,
                        e.data ->> 'currency', case when e.type = 'charge.corrected' then 0 end
                    )
            ) said_by_event (minor, said, direction)
            where minor <> 0 and direction is not null
        ) parts
        group by currency
    ) sums
) m
where e.type in ('charge.captured', 'charge.fee_assessed', 'charge.fee_returned', 'charge.fee_taken_again', 'charge.corrected',
                 'charge.attempt_captured', 'charge.attempt_fee_assessed', 'charge.attempt_fee_returned', 'charge.attempt_reversed', 'refund.succeeded', 'refund.failed', 'refund.corrected',
                 'dispute.funds_withdrawn', 'dispute.funds_reinstated', 'dispute.funds_held', 'dispute.funds_released',
                 'payout.created', 'payout.paid', 'payout.failed', 'payout.canceled',
                 'settlement_file.totalled', 'settlement_file.matched', 'settlement_file.converted',
                 'adjustment.booked', 'adjustment.reversed')
  and m.moved is not null
  and (e.tx, e.pos) <= ($1::bigint::text::xid8, $2::bigint)
  and ($3::uuid is null or e.stream_id = $3)
order by e.tx, e.pos;

-- name: entries_of_events
-- What is booked for some events, as `money_events_until` says it. A retired account of a PSP was that of the mode's account.
select e.event_id, e.livemode, d.booked, c.cleared
from ledgerdb.entries e
cross join lateral (
    select string_agg(minor || ' ' || currency, ', ' order by currency) as booked
    from (
        select p.currency, sum(p.amount_minor) as minor
        from ledgerdb.postings p
        where p.entry_id = e.entry_id and p.side = 'debit'
        group by p.currency
    ) debits
) d
cross join lateral (
    select string_agg(place || ': ' || sums, '; ' order by place) as cleared
    from (
        select place, string_agg(minor || ' ' || currency, ', ' order by currency) as sums
        from (
            select
                case
                    when a.name like 'psp:%:%:clearing:%' then split_part(a.name, ':', 2) || ' ' || split_part(a.name, ':', 3)
                    else split_part(a.name, ':', 2) || case when e.livemode then ' live' else ' test' end
                end as place,
                p.currency, sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) as minor
            from ledgerdb.postings p
            join ledgerdb.accounts a using (account_id)
            where p.entry_id = e.entry_id and a.name ~ '^psp:[^:]+(:[^:]+)?:clearing:'
            group by 1, 2
        ) nets
        where minor <> 0
        group by place
    ) places
) c
where e.event_id = any ($1::uuid[]);

-- name: all_entries
-- Every entry of an event, and the event it says it books. Those of operators and of upgrades have none.
select entry_id, event_id, stream_id, kind from ledgerdb.entries where source = 'event' order by entry_id;

-- name: money_events_by_id
-- Which of some events are there and can have moved money.
select event_id, stream_id
from eventstore.events
where event_id = any ($1::uuid[])
  and type in ('charge.captured', 'charge.fee_assessed', 'charge.fee_returned', 'charge.fee_taken_again', 'charge.corrected',
               'charge.attempt_captured', 'charge.attempt_fee_assessed', 'charge.attempt_fee_returned', 'charge.attempt_reversed', 'refund.succeeded', 'refund.failed', 'refund.corrected',
               'dispute.funds_withdrawn', 'dispute.funds_reinstated', 'dispute.funds_held', 'dispute.funds_released',
               'payout.created', 'payout.paid', 'payout.failed', 'payout.canceled',
               'settlement_file.totalled', 'settlement_file.matched', 'settlement_file.converted',
               'adjustment.booked', 'adjustment.reversed');

-- name: in_suspense
-- What waits in suspense for a person: per entry and currency, less what a clearing entry took out again.
select
    'entry ' || entry_id || case when livemode then ' (live)' else ' (test)' end as place,
    minor || ' minor units of ' || currency || ' are in suspense' as finding
from (
    select coalesce(e.clears_entry_id, e.entry_id) as entry_id, e.livemode, p.currency,
        sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) as minor
    from ledgerdb.accounts a
    join ledgerdb.postings p using (account_id)
    join ledgerdb.entries e on e.entry_id = p.entry_id
    where a.name like 'suspense:%'
    group by 1, 2, 3
) s
where minor <> 0
order by entry_id, currency;

-- name: wrong_days
-- Days of accounts with movements or a close other than the sealed postings give.
select 'account ' || coalesce(a.name, account_id::text) || ' on ' || day as place,
    'debits ' || coalesce(d.debit_minor, 0) || ', credits ' || coalesce(d.credit_minor, 0) || ', close '
        || coalesce(d.closing_minor::text, 'none') || '; its postings make ' || coalesce(w.debit_minor, 0) || ', '
        || coalesce(w.credit_minor, 0) || ', ' || coalesce(w.closing_minor::text, 'none') as finding
from (
    select account_id, day, debit_minor, credit_minor,
        (sum(case normal_side when 'debit' then debit_minor - credit_minor else credit_minor - debit_minor end)
            over (partition by account_id order by day)) as closing_minor
    from (
        select p.account_id, x.normal_side, (e.effective_at at time zone 'UTC')::date as day,
            coalesce(sum(p.amount_minor) filter (where p.side = 'debit'), 0) as debit_minor,
            coalesce(sum(p.amount_minor) filter (where p.side = 'credit'), 0) as credit_minor
        from ledgerdb.postings p
        join ledgerdb.entries e using (entry_id)
        join ledgerdb.accounts x using (account_id)
        where e.entry_id <= (select coalesce(max(entry_id), 0) from ledgerdb.seals)
        group by 1, 2, 3
    ) days
) w
full join ledgerdb.account_days d using (account_id, day)
left join ledgerdb.accounts a using (account_id)
where (d.debit_minor, d.credit_minor, d.closing_minor) is distinct from (w.debit_minor, w.credit_minor, w.closing_minor)
order by account_id, day;

-- name: wrong_hours
-- Hours of accounts that are not what the sealed postings make of them.
select 'account ' || coalesce(a.name, account_id::text) || ' at ' || to_char(hour at time zone 'UTC', 'YYYY-MM-DD HH24:00')
        as place,
    'moved ' || coalesce(h.net_minor::text, 'nothing') || '; its postings make ' || coalesce(w.net_minor::text, 'nothing')
        as finding
from (
    select p.account_id, date_trunc('hour', e.effective_at, 'UTC') as hour,
        sum(case p.side when x.normal_side then p.amount_minor else -p.amount_minor end) as net_minor
    from ledgerdb.postings p
    join ledgerdb.entries e using (entry_id)
    join ledgerdb.accounts x using (account_id)
    where e.entry_id <= (select coalesce(max(entry_id), 0) from ledgerdb.seals)
    group by 1, 2
) w
full join ledgerdb.account_hours h using (account_id, hour)
left join ledgerdb.accounts a using (account_id)
where h.net_minor is distinct from w.net_minor
order by account_id, hour;

-- name: all_views
-- Every charge as the view tells it.
select * from paymentdb.charges order by charge_id;

-- name: events_of_streams
-- All events of some streams, each stream in its own order.
select stream_id, version, event_id, type, schema_version, data, recorded_at
from eventstore.events
where stream_id = any ($1::uuid[])
order by stream_id, version;

-- name: refunds_of_charges
-- All refunds that the view holds of some charges.
select * from paymentdb.refunds where charge_id = any ($1::text[]);

-- name: disputes_of_charges
-- All disputes that the view holds of some charges.
select * from paymentdb.disputes where charge_id = any ($1::text[]);

-- name: shown_events_of_charges
-- All events that the view holds of some charges.
select * from paymentdb.events where charge_id = any ($1::text[]);

-- name: rows_without_charge
-- Refunds, disputes, events and search terms of charges that the view does not hold.
select part.place
from (
    select 'refund ' || refund_id || ' of ' || charge_id as place, charge_id from paymentdb.refunds
    union all
    select 'dispute ' || dispute_id || ' of ' || charge_id, charge_id from paymentdb.disputes
    union all
    select 'event ' || event_id || ' of ' || charge_id, charge_id from paymentdb.events where charge_id is not null
    union all
    select 'a search term (' || kind || ') of ' || charge_id, charge_id from paymentdb.search_terms
) part
where not exists (select from paymentdb.charges c where c.charge_id = part.charge_id)
order by part.place;

-- name: missing_terms
-- Charges that staff cannot find by the customer's address, by a value of metadata or by an id at a PSP that their rows hold.
select c.charge_id, string_agg(distinct t.kind, ', ' order by t.kind) as kinds
from paymentdb.charges c
cross join lateral (
    select 'email' as kind, c.customer_email as said
    union all
    select 'metadata', value from jsonb_each_text(c.metadata)
    union all
    select 'reference', c.psp_reference
    union all
    select 'reference', value from jsonb_array_elements_text(c.other_references)
) t
where t.said <> ''
  and not exists (
      select from paymentdb.search_terms s
      where s.livemode = c.livemode and s.kind = t.kind and s.term = left(lower(t.said collate "C"), 200)
        and s.created_at = c.created_at and s.charge_id = c.charge_id and s.merchant_id = c.merchant_id
  )
group by c.charge_id
order by c.charge_id;

-- name: answered_with_charge
-- Every idempotency key with an answer that points to a charge.
select merchant_id, livemode, key, location, response_body
from eventstore.idempotency_keys
where location like '%/ch\_%'
order by merchant_id, livemode, key;

-- name: existing_streams
-- Which of some streams exist.
select stream_id from eventstore.events where stream_id = any ($1::uuid[]) and version = 1;

-- name: unbalanced_entries
-- Entries with unequal debits and credits in some currency, and entries without postings.
select
    'entry ' || e.entry_id || ' of event ' || e.event_id as place,
    case
        when p.currency is null then 'it has no postings'
        else 'debits minus credits are ' || sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)
            || ' minor units of ' || p.currency
    end as finding
from ledgerdb.entries e
left join ledgerdb.postings p using (entry_id)
group by e.entry_id, p.currency
having p.currency is null or sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) <> 0
order by e.entry_id;

-- name: postings_without_entry
-- Postings that belong to no entry.
select
    'posting ' || p.leg || ' of entry ' || p.entry_id as place,
    'there is no such entry' as finding
from ledgerdb.postings p
where not exists (select from ledgerdb.entries e where e.entry_id = p.entry_id)
order by p.entry_id, p.leg;

-- name: unbalanced_ledgers
-- Modes and currencies in which all debits and all credits differ.
select
    case when a.livemode then 'live' else 'test' end || ' ledger in ' || p.currency as place,
    'debits minus credits are ' || sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end)
        || ' minor units' as finding
from ledgerdb.postings p
left join ledgerdb.accounts a using (account_id)
group by a.livemode, p.currency
having sum(case p.side when 'debit' then p.amount_minor else -p.amount_minor end) <> 0
order by a.livemode, p.currency;

-- name: broken_chains
-- Postings that do not take their account one version on from the one before, or leave another balance than the one
-- before plus themselves.
select
    'posting ' || leg || ' of entry ' || entry_id || ' on account ' || coalesce(name, account_id::text) as place,
    'version ' || account_version || ' with balance ' || balance_after_minor || ' follows version ' || version_before
        || ' with balance ' || balance_before as finding
from (
    select
        p.*, a.name, case when p.side = a.normal_side then p.amount_minor else -p.amount_minor end as signed_minor,
        lag(p.account_version, 1, 0::bigint) over chain as version_before,
        lag(p.balance_after_minor, 1, 0::bigint) over chain as balance_before
    from ledgerdb.postings p
    left join ledgerdb.accounts a using (account_id)
    window chain as (partition by p.account_id order by p.account_version)
) c
where account_version <> version_before + 1
   or (balance_after_minor = balance_before + signed_minor) is not true
order by account_id, account_version;

-- name: wrong_balances
-- Accounts with another balance or version than their postings add up to.
select
    'account ' || a.name || case when a.livemode then ' (live)' else ' (test)' end as place,
    'balance ' || a.balance_minor || ' at version ' || a.version || ', but ' || count(p.leg) || ' postings make '
        || coalesce(sum(case when p.side = a.normal_side then p.amount_minor else -p.amount_minor end), 0) as finding
from ledgerdb.accounts a
left join ledgerdb.postings p using (account_id)
group by a.account_id
having a.version <> count(p.leg)
    or a.balance_minor
        <> coalesce(sum(case when p.side = a.normal_side then p.amount_minor else -p.amount_minor end), 0)
order by a.account_id;

-- name: retired_accounts_with_balances
-- Retired accounts that hold something: what they held belongs to the accounts that replaced them.
select
    'account ' || name || case when livemode then ' (live)' else ' (test)' end as place,
    'is retired and holds ' || balance_minor || ' minor units' as finding
from ledgerdb.accounts
where is_retired and balance_minor <> 0
order by account_id;

-- name: wrong_items
-- What entries of events and operators did to clearing, other than by matching, and what the items of clearing say of it.
select
    'entry ' || entry_id || ' on account ' || coalesce(a.name, account_id::text) as place,
    'the item says ' || coalesce(i.gross_minor || ' and fees ' || i.fee_minor, 'nothing') || ', the postings make '
        || coalesce(w.gross_minor || ' and fees ' || w.fee_minor, 'nothing') as finding
from (
    select
        entry_id, coalesce(n.account_id, c.account_id) as account_id, sum(gross_minor)::bigint as gross_minor,
        sum(fee_minor)::bigint as fee_minor
    from (
        select
            p.entry_id, p.account_id,
            case when p.leg between 5 and 8 then 0 when p.side = 'debit' then p.amount_minor else -p.amount_minor end as gross_minor,
            case when p.leg not between 5 and 8 then 0 when p.side = 'debit' then p.amount_minor else -p.amount_minor end as fee_minor
        from ledgerdb.postings p
        join ledgerdb.entries e using (entry_id)
        where e.source <> 'upgrade' and e.kind not in ('settlement_file.matched', 'settlement_file.converted')
    ) p
    join ledgerdb.accounts c using (account_id)
    -- An item of before is on the account that replaced the one it was booked on, if there is one.
    left join ledgerdb.accounts n
        on c.is_retired and n.livemode = c.livemode
        and n.name = concat_ws(':', 'psp', c.owner, case when c.livemode then 'live' else 'test' end, 'clearing', c.currency)
        and exists (select from ledgerdb.clearing_items m where m.account_id = n.account_id and m.entry_id = p.entry_id)
    where c.name ~ '^psp:[^:]+(:[^:]+)?:clearing:'
    group by 1, 2
) w
full join ledgerdb.clearing_items i using (entry_id, account_id)
left join ledgerdb.accounts a using (account_id)
where (i.gross_minor, i.fee_minor) is distinct from (w.gross_minor, w.fee_minor)
order by entry_id, account_id;

-- name: in_transit
-- What the books say is on its way between PSPs and our banks, as of a place of the log.
select c.tx, c.pos, a.livemode, a.owner as psp, split_part(a.name, ':', 3) as psp_account, a.currency, a.balance_minor
from ledgerdb.checkpoints c
left join ledgerdb.accounts a on a.name like 'psp:%' and split_part(a.name, ':', 4) = 'in_transit'
where c.consumer = 'ledger';

-- name: open_payouts
-- What payouts that were sent, and were neither paid nor given up, come to, up to a place of the log.
select
    (data ->> 'livemode')::boolean as livemode, data ->> 'psp' as psp, data ->> 'psp_account' as psp_account,
    data ->> 'currency' as currency,
    sum(
        case
            when type = 'payout.created' then 1
            when type = 'payout.failed' and (data ->> 'was_paid')::boolean then 0
            else -1
        end * (data ->> 'amount_minor')::numeric
    ) as open_minor
from eventstore.events
where type in ('payout.created', 'payout.paid', 'payout.failed', 'payout.canceled')
  and (tx, pos) <= ($1::bigint::text::xid8, $2::bigint)
group by 1, 2, 3, 4;

-- name: captured_minor
-- What an event captured of its charge's amount: a correction what it changed, an event that captures nothing null.
case type
    when 'charge.captured' then (data ->> 'amount_minor')::numeric
    when 'charge.corrected'
        then (data ->> 'captured_after_minor')::numeric - (data ->> 'captured_before_minor')::numeric
end

-- name: impossible_amounts
-- Streams that gave back more than they captured, captured more than was authorized or asked for, or less than nothing.
select 'stream ' || stream_id as place,
    'refunded ' || refunded || ', captured ' || captured || ', authorized ' || coalesce(authorized::text, 'nothing apart')
        || ', asked for ' || coalesce(created::text, 'nothing') as finding
from (
    select
        stream_id,
        coalesce(sum((data ->> 'amount_minor')::numeric) filter (where type in ('refund.succeeded', 'refund.corrected')), 0)
            - coalesce(sum((data ->> 'amount_minor')::numeric)
                filter (where type = 'refund.failed' and (data ->> 'was_succeeded')::boolean), 0) as refunded,
        coalesce(sum({captured_minor}), 0) as captured,
        max((data ->> 'amount_minor')::numeric) filter (where type = 'charge.authorized') as authorized,
        max((data ->> 'amount_minor')::numeric) filter (where type = 'charge.created') as created
    from eventstore.events
    where split_part(type, '.', 1) not in ('checkout_session', 'payout', 'settlement_file', 'adjustment')
    group by stream_id
) s
where (refunded >= 0 and refunded <= captured and captured <= coalesce(authorized, created)
       and coalesce(authorized, 0) >= 0 and coalesce(authorized, 0) <= created) is not true
order by stream_id;

-- name: refunds_beyond_what_was_left
-- Refunds that a merchant or staff asked for and that were taken on although other refunds had reserved what was captured.
select 'refund ' || refund_id || ' of stream ' || stream_id as place,
    'with it ' || reserved || ' were reserved of ' || captured || ' captured' as finding
from (
    select
        stream_id, version, type, data ->> 'refund_id' as refund_id, coalesce(data ->> 'origin', 'merchant') as origin,
        sum(case
            when type in ('refund.requested', 'refund.corrected') then (data ->> 'amount_minor')::numeric
            when type = 'refund.failed' then -(data ->> 'amount_minor')::numeric
            else 0
        end) over so_far as reserved,
        coalesce(sum({captured_minor}) over so_far, 0) as captured
    from eventstore.events
    where type in ('charge.captured', 'charge.corrected', 'refund.requested', 'refund.failed', 'refund.corrected')
    window so_far as (partition by stream_id order by version)
) r
where type = 'refund.requested' and origin <> 'psp' and reserved > captured
order by stream_id, version;

-- name: captures_of_nothing
-- Captures, and corrections to a success, by which nothing was taken.
select 'stream ' || stream_id as place,
    'version ' || version || ' took ' || coalesce(minor::text, 'no amount') as finding
from (
    select stream_id, version,
        (case type when 'charge.captured' then data ->> 'amount_minor' else data ->> 'captured_after_minor' end)::numeric
            as minor
    from eventstore.events
    where type = 'charge.captured'
       or (type = 'charge.corrected' and data ->> 'status_after' = 'succeeded')
) captures
where (minor >= 1) is not true
order by stream_id, version;

-- name: disputes_of_nothing
-- Movements of money by disputes of charges that had captured nothing by then, and negative ones.
select 'stream ' || d.stream_id as place,
    d.type || ' at version ' || d.version || ' of ' || (d.data ->> 'amount_minor') || ', captured before '
        || coalesce(c.minor::text, 'nothing') as finding
from eventstore.events d
left join lateral (
    select
        (case type when 'charge.captured' then data ->> 'amount_minor' else data ->> 'captured_after_minor' end)::numeric
            as minor
    from eventstore.events
    where stream_id = d.stream_id and version < d.version and type in ('charge.captured', 'charge.corrected')
    order by version desc
    limit 1
) c on true
where d.type in ('dispute.funds_withdrawn', 'dispute.funds_reinstated', 'dispute.funds_held', 'dispute.funds_released')
  and (
      c.minor >= 1 and (d.data ->> 'amount_minor')::numeric >= 0
      and (d.type in ('dispute.funds_held', 'dispute.funds_released') or (d.data ->> 'fee_minor')::numeric >= 0)
  ) is not true
order by d.stream_id, d.version;

-- name: attempts
-- The attempts of charges that had more than one, or of which an abandoned one took or holds money: what each took and gave
-- back, and the last that was heard of it after it was abandoned. An attempt counts until the charge goes to another account.
select
    stream_id, attempt,
    coalesce(sum(minor) filter (where type <> 'charge.attempt_reversed'), 0) as taken,
    coalesce(sum(minor) filter (where type = 'charge.attempt_reversed'), 0) as given_back,
    (array_agg(type order by version desc) filter (where type like 'charge.attempt\_%'))[1] as last_heard
from (
    select
        stream_id, version, type,
        case when type like 'charge.attempt\_%' then (data ->> 'attempt')::int
            else 1 + count(*) filter (where type = 'charge.rerouted') over (partition by stream_id order by version) end as attempt,
        case
            when type in ('charge.attempt_captured', 'charge.attempt_reversed') then (data ->> 'amount_minor')::numeric
            else {captured_minor}
        end as minor
    from eventstore.events
    where stream_id in (
            select stream_id from eventstore.events where type = 'charge.rerouted' or type like 'charge.attempt\_%'
        )
      and (type in ('charge.captured', 'charge.corrected', 'charge.rerouted') or type like 'charge.attempt\_%')
) heard
group by stream_id, attempt;

-- name: charges_with_money_twice
-- Charges that took money by several attempts, and what is wrong where that is certain: it counts as paid twice, or an attempt
-- gave back another amount than it took. Where it is not, a job or a person has to be giving all but one back.
select
    a.stream_id,
    case
        when count(*) filter (where is_standing and is_paid) > 1 then 'is paid by ' || count(*) filter (where is_standing and is_paid)
            || ' attempts'
        when bool_or(last_heard = 'charge.attempt_reversed' and is_standing) then 'an attempt gave back less than it took'
        when bool_or(given_back > taken) then 'an attempt gave back more than it took'
    end as finding,
    bool_or(is_standing and not is_paid and last_heard <> 'charge.attempt_reversal_failed') as is_owed,
    last_event.recorded_at < clock_timestamp() - make_interval(secs => $1::float8) as is_quiet
from (
    select *, taken > given_back as is_standing, last_heard is null as is_paid
    from ({attempts}) attempts
) a
cross join lateral (
    select recorded_at from eventstore.events where stream_id = a.stream_id order by version desc limit 1
) last_event
group by a.stream_id, last_event.recorded_at
having count(*) filter (where is_standing) > 1 or bool_or(given_back > taken)
    or bool_or(last_heard = 'charge.attempt_reversed' and is_standing)
order by a.stream_id;

-- name: sessions_paid_wrongly
-- Checkout sessions, of which nothing new was heard for longer than $1 seconds, that are paid by several charges, or have ended while
-- a charge can still be paid, or are completed without a payment. Money that a session owes back is an event of its own. A charge of
-- which all that was captured is refunded has no money.
with sessions as (
    select
        split_part(split_part(created.data ->> 'page', '/checkout/', 2), '/', 1) as session_id,
        max(e.type) filter (where e.type in ('checkout_session.completed', 'checkout_session.expired')) as ended,
        count(*) filter (where e.type = 'checkout_session.paid_again')
            - count(*) filter (where e.type = 'checkout_session.payment_returned') as owed,
        max(e.recorded_at) as heard_at
    from eventstore.events created
    join eventstore.events e on e.stream_id = created.stream_id
    where created.type = 'checkout_session.created'
    group by created.stream_id, created.data
),
charges as (
    select
        created.data ->> 'checkout_session_id' as session_id,
        decided.state,
        decided.state in ('authorized', 'captured', 'succeeded') and (refunded = 0 or refunded < captured) as has_money,
        was_paid,
        heard_at
    from eventstore.events created
    cross join lateral (
        select
            coalesce(sum((data ->> 'amount_minor')::numeric) filter (where type in ('refund.succeeded', 'refund.corrected')), 0)
                - coalesce(sum((data ->> 'amount_minor')::numeric)
                    filter (where type = 'refund.failed' and (data ->> 'was_succeeded')::boolean), 0) as refunded,
            coalesce(sum((data ->> 'amount_minor')::numeric) filter (where type = 'charge.captured'), 0)
                + coalesce(sum((data ->> 'captured_after_minor')::numeric - (data ->> 'captured_before_minor')::numeric)
                    filter (where type = 'charge.corrected'), 0) as captured,
            bool_or(
                type in ('charge.authorized', 'charge.captured')
                or (type = 'charge.corrected' and data ->> 'status_after' in ('authorized', 'succeeded'))
            ) as was_paid,
            max(recorded_at) as heard_at
        from eventstore.events
        where stream_id = created.stream_id
    ) heard
    left join lateral (
        select
            case type when 'charge.corrected' then data ->> 'status_after' else split_part(type, '.', 2) end as state
        from eventstore.events
        where stream_id = created.stream_id
          and type in (
              'charge.authorized', 'charge.captured', 'charge.failed', 'charge.canceled', 'charge.expired',
              'charge.corrected'
          )
        order by version desc
        limit 1
    ) decided on true
    where created.type = 'charge.created' and created.data ? 'checkout_session_id'
),
judged as (
    select
        s.session_id,
        case
            when count(*) filter (where c.has_money) > 1 + s.owed
                then 'is paid by ' || count(*) filter (where c.has_money) || ' charges'
            when s.ended = 'checkout_session.expired' and count(*) filter (where c.has_money) > s.owed
                then 'has expired, and a charge of it is paid'
            when s.ended is not null and bool_or(c.session_id is not null and c.state is null)
                then 'has ended, and a charge of it can still be paid'
            when s.ended = 'checkout_session.completed' and not coalesce(bool_or(c.was_paid), false)
                then 'is completed, and no charge of it was paid'
        end as finding
    from sessions s
    left join charges c using (session_id)
    group by s.session_id, s.ended, s.owed, s.heard_at
    having greatest(s.heard_at, max(c.heard_at)) < clock_timestamp() - make_interval(secs => $1::float8)
)
select 'checkout session ' || session_id as place, finding
from judged
where finding is not null
order by session_id;

-- name: mistaken_attempts
-- Abandoned attempts that took or hold money which has to go back, of charges of which nothing new was heard for longer than a
-- moment.
select a.stream_id, a.attempt, a.last_heard
from ({attempts}) a
cross join lateral (
    select recorded_at from eventstore.events where stream_id = a.stream_id order by version desc limit 1
) last_event
where a.last_heard in ('charge.attempt_captured', 'charge.attempt_authorized')
  and last_event.recorded_at < clock_timestamp() - make_interval(secs => $1::float8)
order by a.stream_id, a.attempt;

-- name: references_of_others
-- Streams that name what another stream names, too, or what belongs to another one, at the account that the event names, else at
-- the one with which the charge began.
with named as materialized (
    select distinct
        coalesce(e.data ->> 'psp', created.data ->> 'psp') as psp,
        coalesce(e.data ->> 'psp_account', created.data ->> 'psp_account') as psp_account,
        e.data ->> 'psp_reference' as psp_reference, e.stream_id
    from eventstore.events e
    join eventstore.events created on created.stream_id = e.stream_id and created.version = 1
    where e.data ->> 'psp_reference' is not null
)
select 'stream ' || n.stream_id as place,
    'names ' || n.psp_reference || ', which belongs to stream ' || other.stream_id as finding
from named n
join (
    select psp, psp_account, psp_reference, stream_id from named
    union
    select psp, psp_account, psp_reference, stream_id from eventstore.psp_references
) other using (psp, psp_account, psp_reference)
where other.stream_id <> n.stream_id
order by n.stream_id, n.psp_reference;

-- name: texts_of_events
-- Events in which $1, the pattern of what may be a card number, is found.
select 'eventstore.events, stream ' || stream_id || ' version ' || version as place,
    data::text || ' ' || metadata::text as content
from eventstore.events
where data::text || ' ' || metadata::text ~ $1;

-- name: texts_of_responses
-- Stored responses in which $1, the pattern of what may be a card number, is found.
select
    'eventstore.idempotency_keys, ' || merchant_id || case when livemode then ' live' else ' test' end
        || ' key with fingerprint ' || encode(fingerprint, 'hex') as place,
    convert_to(key || ' ' || coalesce(location, '') || ' ', 'UTF8') || response_body as content
from eventstore.idempotency_keys
where key || ' ' || coalesce(location, '') || ' ' || encode(response_body, 'escape') ~ $1;

-- name: texts_of_inbox
-- Received webhooks in which $1, the pattern of what may be a card number, is found. The card networks number transactions
-- with fifteen digits, of which one in five hundred looks like a card number: those are left out.
select place, content
from (
    select 'eventstore.inbox, ' || psp || ' ' || psp_account || ' ' || psp_event_id as place,
        decode(regexp_replace(encode(body, 'escape'), '"network_transaction_id" *: *"[0-9]*"', '', 'g'), 'escape') as content
    from eventstore.inbox
    where encode(body, 'escape') ~ $1
) webhooks
where encode(content, 'escape') ~ $1;

-- name: texts_of_merchants
-- Merchants, keys, fee plans, origins and reports of pages with a run of digits in their texts that is long enough for a card number.
select place, content
from (
    select 'merchants.merchants, ' || merchant_id as place, name as content from merchants.merchants
    union all
    select 'merchants.api_keys, ' || key_id, name from merchants.api_keys
    union all
    select 'merchants.fee_plans, ' || merchant_id || ' ' || currency || ' ' || plan_no, set_by from merchants.fee_plans
    union all
    select 'merchants.origins, ' || merchant_id || ' ' || place, origin from merchants.origins
    union all
    select 'pages.csp_reports, first seen ' || first_seen_at, page || ' ' || directive || ' ' || blocked
    from pages.csp_reports
) names
where content ~ $1;

-- name: texts_of_staff
-- What people of staff wrote, in which $1, the pattern of what may be a card number, is found.
select place, content
from (
    select 'staff.acts, ' || act_no as place, concat_ws(' / ', actor_username, object_id, reason, details) as content from staff.acts
    union all
    select 'staff.charge_notes, ' || note_no, concat_ws(' / ', author_username, text) from staff.charge_notes
    union all
    select 'staff.proposals, ' || proposal_id, concat_ws(' / ', proposer_username, object_id, reason) from staff.proposals
    union all
    select 'staff.proposal_steps, ' || proposal_id || ' ' || step, concat_ws(' / ', username, reason) from staff.proposal_steps
) texts
where content ~ $1;

-- name: texts_of_endpoints
-- Webhook endpoints of merchants in which $1, the pattern of what may be a card number, is found.
select 'notify.endpoints, ' || endpoint_id as place, url || ' ' || coalesce(description, '') as content
from notify.endpoints
where url || ' ' || coalesce(description, '') ~ $1;

-- name: texts_of_deliveries
-- Webhooks to merchants in which $1, the pattern of what may be a card number, is found.
select 'notify.deliveries, ' || delivery_id as place, body as content
from notify.deliveries
where encode(body, 'escape') ~ $1;

-- name: texts_of_views
-- Rows of the view in which $1, the pattern of what may be a card number, is found.
select place, content
from (
    select 'paymentdb.charges, ' || charge_id as place, to_jsonb(c)::text as content from paymentdb.charges c
    union all
    select 'paymentdb.refunds, ' || refund_id, to_jsonb(r)::text from paymentdb.refunds r
    union all
    select 'paymentdb.disputes, ' || dispute_id, to_jsonb(d)::text from paymentdb.disputes d
    union all
    select 'paymentdb.events, ' || event_id, data::text from paymentdb.events
    union all
    select 'paymentdb.checkout_sessions, ' || session_id, session::text from paymentdb.checkout_sessions
) views
where content ~ $1;

-- name: texts_of_entries
-- Entries, and what operators wrote into the books, in which $1, the pattern of what may be a card number, is found.
select place, content
from (
    select 'ledgerdb.entries, entry ' || entry_id as place,
        concat_ws(' ', description, '/', reason, '/', booked_by) as content
    from ledgerdb.entries
    union all
    select 'ledgerdb.closed_periods, ' || period, closed_by from ledgerdb.closed_periods
) books
where content ~ $1;

-- name: texts_of_accounts
-- Accounts with a run of digits in their name that is long enough for a card number.
select 'ledgerdb.accounts, account ' || account_id as place, name as content
from ledgerdb.accounts
where name ~ $1;

-- name: open_charges
-- Charges of which the view shows a pending operation, and nothing new for longer than a moment.
select charge_id, stream_id, version, operation ->> 'kind' as operation
from paymentdb.charges
where operation is not null and updated_at < clock_timestamp() - make_interval(secs => $1::float8)
order by charge_id;

-- name: open_refunds
-- Refunds that the view shows in processing, and nothing new of their charges for longer than a moment.
select r.refund_id, r.charge_id, c.stream_id, c.version
from paymentdb.refunds r
join paymentdb.charges c using (charge_id)
where r.status = 'processing' and c.updated_at < clock_timestamp() - make_interval(secs => $1::float8)
order by r.refund_id;

-- name: streams_at_versions
-- Which of some streams end with the version given, recorded longer ago than a moment.
select s.stream_id
from unnest($1::uuid[], $2::int[]) as s (stream_id, version)
cross join lateral (
    select version, recorded_at from eventstore.events where stream_id = s.stream_id order by version desc limit 1
) e
where e.version = s.version and e.recorded_at < clock_timestamp() - make_interval(secs => $3::float8);

-- name: undelivered_events
-- The events of the last while that the consumer has passed, that an enabled endpoint wants and has no delivery of.
-- The transaction that made the deliveries of an event saw an endpoint as any earlier transaction had left it.
select e.event_id, p.endpoint_id
from eventstore.events e
join eventstore.events first on first.stream_id = e.stream_id and first.version = 1
join notify.endpoints p
    on p.merchant_id = first.data ->> 'merchant_id' and p.livemode = (first.data ->> 'livemode')::boolean
join notify.checkpoints c on c.consumer = 'notify'
left join notify.deliveries d on d.endpoint_id = p.endpoint_id and d.event_id = e.event_id
where p.status = 'enabled'
  and e.tx > p.configured_tx
  and e.tx > (select min(configured_tx) from notify.endpoints where status = 'enabled')
  and (e.tx, e.pos) <= (c.tx::text::xid8, c.pos)
  and e.recorded_at > clock_timestamp() - make_interval(secs => $1::float8)
  and p.event_types && array[e.type, split_part(e.type, '.', 1) || '.*', '*']
  and (e.type not like 'checkout\_session.%' or e.type in ('checkout_session.completed', 'checkout_session.expired'))
  and d.delivery_id is null
order by e.tx, e.pos, p.endpoint_id;

-- name: deliveries_at_odds_with_attempts
-- Deliveries that began another number of attempts than they tell of, or are delivered without a success.
select place, finding
from (
    select
        'delivery ' || d.delivery_id as place,
        case
            when count(a.attempt) + (d.leased_until is not null)::int <> d.attempts
                then 'began ' || d.attempts || ' attempts, and ' || count(a.attempt) || ' are noted'
            when d.status = 'delivered' and not coalesce(bool_or(a.response_status between 200 and 299), false)
                then 'is delivered, and no attempt succeeded'
        end as finding
    from notify.deliveries d
    left join notify.attempts a using (delivery_id)
    group by d.delivery_id
) judged
where finding is not null
order by place;

-- name: captures_before_approval
-- Captures that were asked for of charges sent to review, and did not follow an approval.
select asked.stream_id, asked.version
from eventstore.events assessed
join eventstore.events asked
    on asked.stream_id = assessed.stream_id and asked.type = 'charge.capture_requested'
where assessed.type = 'charge.risk_assessed'
  and assessed.data -> 'assessment' ->> 'decision' = 'review'
  and not exists (
      select 1
      from eventstore.events decided
      where decided.stream_id = asked.stream_id
        and decided.version < asked.version
        and decided.type = 'charge.review_decided'
        and decided.data ->> 'decision' = 'approved'
  );

-- name: agreed_proposals_that_wait
-- Proposals that two people agreed on ten minutes ago or earlier, and that have no end. The role that carries them out measures them,
-- too, but not while it is down.
select
    'proposal ' || p.proposal_id as place,
    'was agreed on at ' || to_char(s.taken_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' and is not carried out' as finding
from staff.proposals p
join staff.proposal_steps s on s.proposal_id = p.proposal_id and s.step = 'approve'
where p.status = 'approved' and s.taken_at < clock_timestamp() - interval '10 minutes'
order by p.proposal_id
limit 1000;
