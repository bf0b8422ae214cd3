"""What we sent and to whom: the denominator of every rate and the finder of aliases."""
