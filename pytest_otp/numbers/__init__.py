"""What a test holds: the rented number, ordering it, waiting for its messages, and which of them count."""
