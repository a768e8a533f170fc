"""How dates and times are written: the day first, 24 hours, no guessing which number is the month."""
