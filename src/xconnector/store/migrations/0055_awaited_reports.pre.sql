-- Final reports that were promised and have not come: asked for where the channel can be asked, until a deadline.
CREATE TABLE awaited_report (
    dispatch_key text PRIMARY KEY REFERENCES dispatch,
    connection   text NOT NULL,
    since        timestamptz NOT NULL,
    ask_at       timestamptz
);
COMMENT ON COLUMN awaited_report.ask_at IS 'when the channel is asked next; null where it is not, or not any more';
CREATE INDEX awaited_report_to_ask ON awaited_report (connection, ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX awaited_report_since ON awaited_report (connection, since);
