-- What one person decided by a request is decided once, also where it was taken back before the request is repeated.
create unique index adjustments_of_requests
    on reconciliation.adjustments ((booked #>> '{staff,request}'))
    where booked #>> '{staff,request}' is not null;
