"""What a test holds: a rented number, ordering it, waiting for its messages, and closing its order."""
