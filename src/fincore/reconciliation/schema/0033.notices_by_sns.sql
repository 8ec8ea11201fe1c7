-- Notices to operations may go to a topic of SNS, too.
alter table reconciliation.notice_deliveries
    drop constraint notice_deliveries_channel_check,
    add constraint notice_deliveries_channel_check check (channel in ('console', 'webhook', 'email', 'sns'));
