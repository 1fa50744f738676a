"""From the body of a write to what is stored: decode, parse, judge, commit."""
