"""What Amazon says: wordings as data, and the recogniser that asks them."""
