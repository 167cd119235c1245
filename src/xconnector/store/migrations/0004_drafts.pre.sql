-- Documents that people edit outside before somebody gives a verdict on them.

CREATE TABLE draft (
    communication_id  uuid PRIMARY KEY,
    connection        text NOT NULL,
    reference         text NOT NULL,
    link              text NOT NULL,
    document_sha256   text NOT NULL,
    opened_by         text NOT NULL,
    opened_at         timestamptz NOT NULL,
    returned_at       timestamptz
);
COMMENT ON COLUMN draft.document_sha256 IS 'of the document that was in review when it was opened';
COMMENT ON COLUMN draft.returned_at IS 'when its documents were recorded; it is still to be discarded outside';
