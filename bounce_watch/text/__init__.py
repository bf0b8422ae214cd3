"""What several stages need of text: inert output, HTML to text, folding, table dialects."""
