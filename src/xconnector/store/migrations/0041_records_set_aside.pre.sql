-- A source that gives a part again is asked which of its records stand aside already.

CREATE INDEX inbox_set_aside ON inbox (sha256) WHERE fate = 'set_aside';
