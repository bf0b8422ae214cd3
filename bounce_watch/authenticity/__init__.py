"""Did Amazon send it: Authentication-Results of our own receiver, and the verdict."""
