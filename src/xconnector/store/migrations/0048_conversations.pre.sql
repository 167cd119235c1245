-- What somebody answers by text message names only their number: it finds what we wrote there.

CREATE INDEX assembly_of_mobile ON assembly ((recipient ->> 'mobile')) WHERE recipient ->> 'mobile' IS NOT NULL;
