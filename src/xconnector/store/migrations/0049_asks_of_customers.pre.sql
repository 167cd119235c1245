-- A key that names a customer means whoever is that customer by now: members are merged and parted while asks wait.

ALTER TABLE ask ADD COLUMN keyed_for text;
COMMENT ON COLUMN ask.keyed_for IS 'the customer by whose key its keys were made; null for the member whom its communication names';
CREATE INDEX ask_keyed_for ON ask (keyed_for) WHERE keyed_for IS NOT NULL;

ALTER TABLE heard ADD COLUMN member_key text;
ALTER TABLE heard ADD COLUMN keyed_for text;
COMMENT ON COLUMN heard.member_key IS 'the member whom the record names; null where the key says nothing of a customer';
COMMENT ON COLUMN heard.keyed_for IS 'the customer by whose key its key was made; null for the member';
CREATE INDEX heard_of_member ON heard (member_key) WHERE member_key IS NOT NULL;
CREATE INDEX heard_keyed_for ON heard (keyed_for) WHERE keyed_for IS NOT NULL;
