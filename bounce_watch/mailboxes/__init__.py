"""Where mail lies: the only owner of imapclient and mailparser; reads, never writes."""
