"""File formats in and out: bytes or text to drafts, and papers to text; pure."""
