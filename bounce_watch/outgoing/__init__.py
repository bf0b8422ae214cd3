"""What a seller may send to an alias: Amazon's rules as data, and what one outgoing mail breaks of them."""
