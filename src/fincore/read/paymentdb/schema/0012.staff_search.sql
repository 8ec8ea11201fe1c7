-- The words by which staff find a charge: the customer's address, values of metadata, ids at PSPs. A row is written once and
-- never changed. Terms have their ASCII letters in lower case, and are cut after 200 characters: an index holds no more.
create table paymentdb.search_terms (
    livemode    boolean     not null,
    kind        text        not null check (kind in ('email', 'metadata', 'reference')),
    term        text        collate "C" not null check (term <> ''),
    created_at  timestamptz not null,
    charge_id   text        collate "C" not null,
    merchant_id text        not null,
    -- Finds charges by a term or by how it begins, those of one term in the order of time.
    primary key (livemode, kind, term, created_at, charge_id)
);

grant select, insert on paymentdb.search_terms to fincore_service;

-- A charge keeps each id that it ever had at a PSP, which its row need not: the view begins anew, and the projectionist folds
-- the log again from its beginning. A single object is read from the log until then. The indexes below are built on empty tables.
truncate paymentdb.charges, paymentdb.refunds, paymentdb.disputes, paymentdb.events, paymentdb.checkout_sessions;
delete from paymentdb.parked_streams where consumer = 'projectionist';
delete from paymentdb.checkpoints where consumer = 'projectionist';

-- Lists of all merchants for staff, newest first; each of these finds any page by one descent. They begin with an expression,
-- which no list of a merchant asks for: such a list never walks past what other merchants have.
create index all_charges_newest_first on paymentdb.charges ((livemode::int), created_at, charge_id);
create index all_charges_by_status on paymentdb.charges ((livemode::int), status, created_at, charge_id);
create index all_charges_by_amount on paymentdb.charges ((livemode::int), amount_minor, created_at, charge_id);
create index all_charges_by_last4 on paymentdb.charges ((livemode::int), (instrument ->> 'last4'), created_at, charge_id)
    where instrument is not null;
-- Few rows each.
create index all_charges_disputed on paymentdb.charges ((livemode::int), created_at, charge_id) where disputes is not null;
create index all_charges_unknown on paymentdb.charges ((livemode::int), created_at, charge_id) where unknown_since is not null;
create index all_charges_with_held_reports on paymentdb.charges ((livemode::int), created_at, charge_id)
    where held_reports is not null;
create index all_charges_by_review on paymentdb.charges ((livemode::int), review_status, created_at, charge_id)
    where review_status is not null;
create index all_refunds_newest_first on paymentdb.refunds ((livemode::int), created_at, refund_id);
create index all_refunds_by_status on paymentdb.refunds ((livemode::int), status, created_at, refund_id);
create index all_disputes_newest_first on paymentdb.disputes ((livemode::int), opened_at, dispute_id);
create index all_disputes_by_status on paymentdb.disputes ((livemode::int), status, opened_at, dispute_id);
create index all_disputes_by_deadline on paymentdb.disputes
    ((livemode::int), status, coalesce(evidence_due_by, 'infinity'), dispute_id);
create index all_sessions_newest_first on paymentdb.checkout_sessions ((livemode::int), created_at, session_id);
create index all_sessions_by_status on paymentdb.checkout_sessions ((livemode::int), status, created_at, session_id);
