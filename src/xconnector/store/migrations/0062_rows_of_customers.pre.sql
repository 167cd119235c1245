-- Of whom each row of a source speaks: a row that comes to speak of somebody else leaves nothing behind.

ALTER TABLE change_position
    ADD COLUMN customer_key text,
    ADD COLUMN left_customer_key text;
COMMENT ON COLUMN change_position.customer_key IS 'of whom the latest change speaks; null of changes heard before this was kept';
COMMENT ON COLUMN change_position.left_customer_key IS 'of whom the change before it spoke, where that was somebody else';
