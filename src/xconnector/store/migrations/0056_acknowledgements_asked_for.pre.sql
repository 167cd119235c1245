-- Some channels promise an acknowledgement alone: then any word of theirs ends the waiting.
ALTER TABLE awaited_report ADD COLUMN final boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN awaited_report.final IS 'whether only a report for good ends it; else an acknowledgement does';
