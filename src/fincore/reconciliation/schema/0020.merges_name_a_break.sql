-- A break that is merged names the one that goes on. Of those merged before there were actions, it is not known.
alter table reconciliation.break_actions
    add constraint merges_name_the_break_that_goes_on check (action <> 'merge' or other_break is not null) not valid;
