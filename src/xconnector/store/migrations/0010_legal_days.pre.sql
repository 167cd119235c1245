-- By which day the law wants a communication to be on its way.

CREATE INDEX assembly_leave_by ON assembly ((terms ->> 'leave_by')) WHERE terms ->> 'leave_by' IS NOT NULL;
CREATE INDEX decision_undecided ON decision (communication_id) WHERE outcome ->> 'failed' IS NOT NULL;

-- What could not be decided was never assembled: of that, the day is told by what is kept of the attempt.
CREATE VIEW legal_day AS
SELECT communication_id, terms ->> 'leave_by' AS leave_by FROM assembly WHERE terms ->> 'leave_by' IS NOT NULL
UNION ALL
SELECT communication_id, to_char(day + (outcome ->> 'within')::integer, 'YYYY-MM-DD') AS leave_by
FROM decision
WHERE outcome ->> 'failed' IS NOT NULL AND outcome ->> 'within' IS NOT NULL;
COMMENT ON VIEW legal_day IS 'the last days on which communications must be on their way; of several the first counts';
