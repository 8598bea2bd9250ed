"""Recording orders, and closing many of them: the ledger, process locks, closers, sweep, summary."""
