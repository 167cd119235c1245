"""What xConnector remembers: records, communications, documents, hand-overs, failures, and the ledger of them all."""
